using System.Collections.Immutable;
using System.Diagnostics;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors;

/// <summary>To itself: what was in a spare's way may be over; time to look for one once more.</summary>
internal sealed record SpareAgain;

/// <summary>To itself: this step of that attempt has taken too long.</summary>
internal sealed record SpareOverdue(long Attempt);

/// <summary>To itself, restarted: md may be given this leg, or has it, and nobody will record it.</summary>
internal sealed record SpareAbandoned(int Slot, string Disk);

/// <summary>To a member array: become clean as soon as possible, the supervisor is about to leave.</summary>
internal sealed record MakeSafe;

/// <summary>Whom a spare's activation has to do with.</summary>
/// <param name="Writer">Tells the arrays' writer.</param>
/// <param name="Metadata">Tells the metadata.</param>
/// <param name="Record">Has the metadata record something for an attempt; its number comes back in the answer.</param>
/// <param name="Has">Whether a disk is in the container.</param>
/// <param name="Join">Has a disk join the array.</param>
/// <param name="Limit">Begins a step's time limit, at whose end the message is to come; null: ends it.</param>
internal sealed record SparePorts(
    Action<IArrayWrite> Writer, Action<object> Metadata, Action<ImmutableArray<Change>, RecordFor, long> Record,
    Func<DeviceNumber, bool> Has, Action<JoinArray> Join, Action<SpareOverdue?> Limit);

/// <summary>
/// How a spare gets into a degraded member array: planned by the metadata, given to md (frozen, so that no recovery
/// begins) by the disk's own actor, recorded, and only then rebuilt onto. Every step has a time limit, and every way
/// out thaws the array; a leg that is not recorded is taken out before that. Part of <see cref="MemberArrayActor"/>, on
/// its thread.
/// </summary>
/// <param name="settings">The array's.</param>
/// <param name="ports">Whom it tells what.</param>
internal sealed class SpareActivation(MemberSettings settings, SparePorts ports)
{
    /// <summary>So long each step may take.</summary>
    public static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(30);

    private static long s_attempts;

    private enum Step
    {
        None,
        Planning,
        Freezing,
        Joining,
        Recording,
        Starting,

        /// <summary>Left frozen by somebody: what was being recorded has to be so first.</summary>
        Settling,
        Thawing,
    }

    // Answers to attempts of before a restart of the array's actor are not ours.
    private readonly long _first = Interlocked.Read(ref s_attempts) + 1;
    private readonly HashSet<int> _leaving = [];
    private Step _step;
    private long _attempt;
    private bool _planAsked;
    private SpareAbandoned? _abandoned;
    private SparePlan? _plan;
    private SpareAssignment? _assignment;
    private JoinPermit? _permit;
    private ImmutableArray<string> _takeOut = [];
    private string? _lastRefusal;
    private ulong _componentSectors;
    private long _began;
    private bool _holdsBack;

    /// <summary>No activation is under way.</summary>
    public bool IsIdle => _step == Step.None;

    /// <summary>The array may be degraded: look for a spare as soon as it rests.</summary>
    public bool Wanted { get; set; }

    private string Array => settings.Array;

    /// <summary>No activation is begun from now on: the supervisor is about to leave.</summary>
    public void HoldBack() => _holdsBack = true;

    /// <summary>
    /// The array's actor ends: a slot that was not written yet stays so. Null, or what its successor has to know.
    /// </summary>
    public SpareAbandoned? Abandon() =>
        _permit is { } permit && !permit.Withdraw() && _step == Step.Joining
            ? new SpareAbandoned(_assignment!.Slot, _assignment.Name)
            : _abandoned;

    /// <summary>From the actor that was restarted.</summary>
    public void TakeOver(SpareAbandoned abandoned) => _abandoned = abandoned;

    /// <summary>
    /// The array was left frozen by a supervisor that died while it gave a spare to md. A leg that the metadata does
    /// not know has to leave again; one that is recorded may be rebuilt, once that is on the disks.
    /// </summary>
    /// <param name="strangers">The legs of which the metadata does not know.</param>
    public void Thaw(ImmutableArray<LegReport> strangers)
    {
        if (_abandoned is { } leg && strangers.All(known => known.Disk != leg.Disk))
        {
            strangers = strangers.Add(new LegReport(leg.Slot, leg.Disk, LegFlags.None));
        }

        var what = $"{Array} was left frozen in the middle of a spare's activation: goes on";
        settings.Events.Warning("array-frozen", what, Array);
        Begin(Step.Settling);
        _takeOut = [.. strangers.Select(stranger => stranger.Disk)];
        _leaving.UnionWith(strangers.Select(stranger => stranger.Slot));
        Wanted |= !_takeOut.IsEmpty;
        ports.Record([], RecordFor.Thaw, _attempt);
    }

    /// <summary>
    /// What is seen of the array without the legs that are being taken out: what happens to them is our own doing.
    /// </summary>
    public MemberView Hide(MemberView view) =>
        _leaving.Count == 0 ? view : view with { Legs = view.Legs.RemoveAll(leg => _leaving.Contains(leg.Slot)) };

    /// <summary>Whether a spare is to be looked for, if the array rests and nobody wants it left alone.</summary>
    /// <param name="memory">The array as it was seen last.</param>
    public bool MayLook(MemberMemory memory) =>
        Wanted && !_holdsBack && !_planAsked && settings.Policy.Now.ActivateSpares && _step == Step.None
        && memory.Action == SyncAction.Idle
        && memory.State is not (<= ArrayState.ReadOnly or ArrayState.Unknown);

    /// <summary>Asks for a plan.</summary>
    /// <param name="legs">The legs that md has, faulty ones left out.</param>
    /// <param name="componentSectors">Sectors of each leg as md counts them.</param>
    public void LookFor(ImmutableArray<LegFact> legs, ulong componentSectors)
    {
        Wanted = false;
        _componentSectors = componentSectors;
        _planAsked = true;
        Begin(Step.Planning);
        ports.Metadata(new PlanSpare(settings.Volume, new SpareFacts(legs)));
    }

    /// <summary>The metadata has answered.</summary>
    public void Planned(SparePlan plan)
    {
        _planAsked = false;
        if (_step != Step.Planning)
        {
            // Too late: much may have changed.
            Wanted = true;
            return;
        }

        if (plan.Assignments.IsEmpty)
        {
            if (plan.Refusal is { } refusal && refusal != _lastRefusal)
            {
                settings.Events.Warning("no-spare", $"{Array}: {refusal}", Array);
            }

            _lastRefusal = plan.Refusal;
            Enter(Step.None);
            return;
        }

        _lastRefusal = null;
        _plan = plan;
        _assignment = plan.Assignments[0] with { ComponentSectors = _componentSectors };
        if (!ports.Has(_assignment.Device))
        {
            var what = $"{Array}: the spare {Named(_assignment)} is not among the container's disks";
            settings.Events.Warning("spare-unknown", what, Array);
            Enter(Step.None);
            return;
        }

        Enter(Step.Freezing);
        ports.Writer(new FreezeArray(Array, _attempt));
    }

    /// <summary>The array is frozen, or not.</summary>
    public void Frozen(ArrayFrozen frozen)
    {
        if (frozen.Attempt != _attempt || _step != Step.Freezing)
        {
            // Given up: what thaws it is queued behind the freezing, but not if that was before the array's actor was
            // restarted.
            if (frozen.Error is null && frozen.Attempt < _first)
            {
                ports.Writer(new ThawArray(Array, frozen.Attempt, []));
            }

            return;
        }

        if (frozen.Error is { } error)
        {
            // Busy with something else: tried again a little later, see SpareAgain.
            if (error.Errno != Errno.EBUSY)
            {
                settings.Events.Error("spare-refused", $"{Array} cannot be frozen: {error}", Array);
            }

            Enter(Step.None);
            return;
        }

        if (!ports.Has(_assignment!.Device))
        {
            GiveUp($"the spare {Named(_assignment)} has left the container", again: true);
            return;
        }

        _permit = new JoinPermit();
        Enter(Step.Joining);
        ports.Join(new JoinArray(Array, _assignment, [], _attempt, _permit));
    }

    /// <summary>md has taken the disk, or not.</summary>
    /// <param name="joined">The disk's answer.</param>
    /// <param name="isGood">The leg is there, and is not faulty.</param>
    public void Joined(LegJoined joined, bool isGood)
    {
        if (joined.Attempt != _attempt || _step != Step.Joining)
        {
            if (joined.Error is null && joined.Attempt < _first)
            {
                // Begun before the array's actor was restarted; nobody will record it.
                ports.Writer(new ThawArray(Array, joined.Attempt, [joined.Assignment.Name]));
            }

            Wanted |= joined.Attempt >= _first; // Its disk did answer in the end.
            return;
        }

        if (joined.Error is { } error)
        {
            GiveUp($"md did not take {Named(joined.Assignment)} as slot {joined.Assignment.Slot}: {error}");
            return;
        }

        if (!isGood)
        {
            GiveUp($"{Named(joined.Assignment)} failed as soon as it was given to md");
            return;
        }

        Enter(Step.Recording);
        ports.Record([new PreparedChange(_plan!.Update!)], RecordFor.Spare, _attempt);
    }

    /// <summary>
    /// The activation is recorded: recovery may begin. Whether the disk is still there does not matter: md fails its
    /// leg if not.
    /// </summary>
    public void Recorded(Recorded recorded)
    {
        if (recorded.Ticket != _attempt || _step != Step.Recording)
        {
            // The metadata has a leg now that md no longer has, or that is to be taken out.
            Wanted = true;
            return;
        }

        if (!recorded.Changed)
        {
            GiveUp($"the metadata takes {Named(_assignment!)} for slot {_assignment!.Slot} no more");
            return;
        }

        Enter(Step.Starting);
        ports.Writer(new StartRecovery(Array, _attempt));
    }

    /// <summary>What was being recorded when the array was left frozen is on the disks.</summary>
    public void Settled(Recorded recorded)
    {
        if (recorded.Ticket == _attempt && _step == Step.Settling)
        {
            TakeOutAndThaw();
        }
    }

    /// <summary>Recovery runs, or md refused.</summary>
    public void Started(RecoveryStarted started)
    {
        if (_assignment is not { } assignment || started.Attempt != _attempt)
        {
            return; // The answer to a request of before a restart.
        }

        Enter(Step.None);
        var disk = Named(assignment);
        if (started.Error is { } error)
        {
            settings.Events.Error("recovery-refused", $"{Array}: {error}", Array, disk);
        }
        else
        {
            settings.Events.Info(
                "recovery-started", $"{Array}: recovery onto {disk} in slot {assignment.Slot}", Array, disk,
                new EventDetail(
                    $"slot {assignment.Slot} had no disk, and this one was a spare",
                    "frozen to sync_action; the disk to new_dev, with slot, offset and size; metadata; recover to sync_action",
                    (long)Stopwatch.GetElapsedTime(_began).TotalMicroseconds));
        }
    }

    /// <summary>The array is thawed, and what was to be taken out is gone.</summary>
    public void Thawed(ArrayThawed thawed)
    {
        if (thawed.Attempt == _attempt && _step == Step.Thawing)
        {
            _abandoned = null;
            Enter(Step.None);
        }
    }

    /// <summary>The container has other disks now.</summary>
    public void DisksChanged()
    {
        if (_step == Step.Joining && !ports.Has(_assignment!.Device))
        {
            GiveUp($"the spare {Named(_assignment)} has left the container", again: true);
        }
    }

    /// <summary>A step has taken too long.</summary>
    public void Overdue(SpareOverdue overdue)
    {
        if (overdue.Attempt != _attempt)
        {
            return;
        }

        switch (_step)
        {
            case Step.Planning or Step.Starting or Step.Thawing:
                // What was asked of the arrays' writer is done by it, whenever that is; md has nothing half done then.
                Say($"{Doing()} has taken {StepLimit.TotalSeconds:0} s, and is not waited for any longer");
                Enter(Step.None);
                break;
            case Step.Settling:
                TakeOutAndThaw();
                break;
            case Step.Freezing or Step.Joining or Step.Recording:
                GiveUp($"{Doing()} has taken {StepLimit.TotalSeconds:0} s");
                break;
        }
    }

    private static string Named(SpareAssignment assignment) =>
        assignment.Name.Length > 0 ? assignment.Name : assignment.Device.ToString();

    private string Doing() => _step switch
    {
        Step.Planning => "the metadata's choice of a spare",
        Step.Freezing => "freezing it",
        Step.Joining => $"giving {Named(_assignment!)} to md",
        Step.Recording => $"recording {Named(_assignment!)} in slot {_assignment!.Slot}",
        Step.Starting => "starting the recovery",
        _ => "thawing it",
    };

    private void Say(string what) => settings.Events.Warning("spare-slow", $"{Array}: {what}", Array);

    private void GiveUp(string why, bool again = false)
    {
        settings.Events.Error("spare-refused", $"{Array}: {why}; the array goes on without it", Array);
        Wanted |= again;

        // Where the slot was not written, and will not be, the disk's own thread removes what md has of it.
        if (_permit is { } permit && !permit.Withdraw())
        {
            _leaving.Add(_assignment!.Slot);
            _takeOut = [_assignment.Name];
        }

        TakeOutAndThaw();
    }

    private void TakeOutAndThaw()
    {
        Enter(Step.Thawing);
        ports.Writer(new ThawArray(Array, _attempt, _takeOut));
    }

    private void Begin(Step step)
    {
        _attempt = Interlocked.Increment(ref s_attempts);
        _began = Stopwatch.GetTimestamp();
        _plan = null;
        _assignment = null;
        _permit = null;
        _takeOut = [];
        Enter(step);
    }

    private void Enter(Step step)
    {
        _step = step;
        if (step == Step.None)
        {
            // What is to be written to a spare may be large.
            (_plan, _assignment) = (null, null);
            _leaving.Clear();
            ports.Limit(null);
        }
        else
        {
            ports.Limit(new SpareOverdue(_attempt));
        }
    }
}
