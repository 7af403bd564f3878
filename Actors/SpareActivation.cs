using System.Collections.Immutable;
using System.Diagnostics;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>To itself: time to look for a spare once more.</summary>
internal sealed record SpareAgain;

/// <summary>To a member array: become clean as soon as possible, the supervisor is about to leave.</summary>
internal sealed record MakeSafe;

/// <summary>
/// How a spare gets into a degraded member array: planned by the metadata, given to md by the disk's own actor (which may
/// wait in the kernel), recorded, and only then started. Part of <see cref="MemberArrayActor"/>, on its thread.
/// </summary>
internal sealed class SpareActivation(MemberSettings settings)
{
    private enum Step
    {
        None,
        Planning,
        Joining,
        Recording,
        Starting,
    }

    private Step _step;
    private SparePlan? _plan;
    private SpareAssignment? _assignment;
    private string? _lastRefusal;
    private ulong _componentSectors;
    private long _began;

    /// <summary>No activation is under way.</summary>
    public bool IsIdle => _step == Step.None;

    /// <summary>The array may be degraded: look for a spare as soon as it rests.</summary>
    public bool Wanted { get; set; }

    /// <summary>
    /// The array was left frozen by a supervisor that died while it gave a spare to md. A leg that the metadata does not know has
    /// to leave again; one that is recorded may be rebuilt.
    /// </summary>
    public void Thaw(
        VolumeInfo recorded, MemberAttributes attributes, ImmutableDictionary<DeviceNumber, IActorRef> disks, IActorRef self)
    {
        settings.Events.Warning("array-frozen", $"{settings.Array} was left frozen in the middle of a spare's activation: goes on", settings.Array);
        foreach (var leg in attributes.Legs)
        {
            var known = leg.Slot < recorded.Legs.Length ? recorded.Legs[leg.Slot].Device : null;
            if ((leg.LastFlags & (LegFlags.InSync | LegFlags.Faulty)) == 0 && known != leg.Device && disks.TryGetValue(leg.Device, out var disk))
            {
                disk.Tell(new LeaveArray(settings.Array), self);
                Wanted = true;
            }
        }

        // Any disk's thread will do: the array's lock may have to be waited for.
        if (disks.Values.FirstOrDefault() is { } any)
        {
            any.Tell(new ThawArray(settings.Array), self);
        }
    }

    /// <summary>Asks for a plan if one is wanted and the array can take a spare now.</summary>
    /// <param name="memory">The array as it was seen last.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <param name="componentSectors">Sectors of each leg as md counts them.</param>
    /// <param name="self">The array's actor.</param>
    public void LookForOne(MemberMemory memory, MemberAttributes attributes, ulong componentSectors, IActorRef self)
    {
        if (!Wanted || !settings.Policy.Now.ActivateSpares || _step != Step.None || memory.Action != SyncAction.Idle
            || memory.State is <= ArrayState.ReadOnly or ArrayState.Unknown || attributes.Frozen())
        {
            return;
        }

        Wanted = false;
        _componentSectors = componentSectors;
        _step = Step.Planning;
        _began = Stopwatch.GetTimestamp();
        settings.Metadata.Tell(
            new PlanSpare(settings.Volume, new SpareFacts([.. from leg in attributes.Legs
                                                              where (leg.LastFlags & LegFlags.Faulty) == 0
                                                              select new LegFact(leg.Slot, leg.Device)])),
            self);
    }

    /// <summary>The metadata has answered.</summary>
    public void Planned(SparePlan plan, IActorRef self, ImmutableDictionary<DeviceNumber, IActorRef> disks)
    {
        _step = Step.None;
        if (plan.Assignments.IsEmpty)
        {
            if (plan.Refusal is { } refusal && refusal != _lastRefusal)
            {
                settings.Events.Info("no-spare", $"{settings.Array}: {refusal}", settings.Array);
            }

            _lastRefusal = plan.Refusal;
            return;
        }

        _lastRefusal = null;
        var assignment = plan.Assignments[0] with { ComponentSectors = _componentSectors };
        if (!disks.TryGetValue(assignment.Device, out var disk))
        {
            settings.Events.Warning("spare-unknown", $"{settings.Array}: the spare {assignment.Device} is not among the container's disks", settings.Array);
            return;
        }

        _plan = plan;
        _assignment = assignment;
        _step = Step.Joining;
        disk.Tell(new JoinArray(settings.Array, assignment, []), self);
    }

    /// <summary>md has taken the disk, or not. True when there is a new leg to look for.</summary>
    public bool Joined(LegJoined joined, IActorRef self)
    {
        if (joined.Error is { } error)
        {
            settings.Events.Error("spare-refused", $"{settings.Array}: md did not take {joined.Assignment.Device} as slot {joined.Assignment.Slot}: {error}", settings.Array);
            _step = Step.None;
            return false;
        }

        _step = Step.Recording;
        settings.Metadata.Tell(new Record(self, [new PreparedChange(_plan!.Update!)], RecordFor.Spare), self);
        return true;
    }

    /// <summary>The activation is recorded: recovery may begin.</summary>
    public void Recorded(IActorRef self, ImmutableDictionary<DeviceNumber, IActorRef> disks)
    {
        _step = Step.Starting;
        if (disks.TryGetValue(_assignment!.Device, out var disk))
        {
            disk.Tell(new StartRecovery(settings.Array), self);
        }
        else
        {
            _step = Step.None;
        }
    }

    /// <summary>Recovery runs, or md refused.</summary>
    public void Started(RecoveryStarted started, MemberAttributes attributes)
    {
        _step = Step.None;
        if (_assignment is not { } assignment)
        {
            return; // The answer to a request of before a restart.
        }

        var disk = attributes.Find(assignment.Slot)?.Disk;
        if (started.Error is { } error)
        {
            settings.Events.Error("recovery-refused", $"{settings.Array}: {error}", settings.Array, disk);
        }
        else
        {
            settings.Events.Info("recovery-started", $"{settings.Array}: recovery onto {disk ?? assignment.Device.ToString()} in slot {assignment.Slot}", settings.Array, disk,
                new EventDetail(
                    $"slot {assignment.Slot} had no disk, and this one was a spare",
                    "frozen to sync_action; the disk to new_dev, with slot, offset and size; metadata; recover to sync_action",
                    (long)Stopwatch.GetElapsedTime(_began).TotalMicroseconds));
        }
    }
}
