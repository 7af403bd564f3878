using System.Globalization;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>
/// One disk of a container and its legs in the member arrays. What it writes to sysfs can wait in the kernel (for the array's
/// lock, for a disk that does not answer): it has a thread of its own and holds up nobody else.
/// </summary>
public sealed class DiskActor : RaidActor, IWithTimers, IWithStash
{
    private static readonly TimeSpan RemoveAgainAfter = TimeSpan.FromMilliseconds(20);
    private readonly string _sysRoot;
    private readonly string _name;
    private readonly DeviceNumber _device;
    private readonly ContainerEvents _events;
    private readonly Dictionary<string, Leg> _legs = [];

    /// <summary>An actor for that disk.</summary>
    /// <param name="sysRoot">/sys, but for tests.</param>
    /// <param name="name">The kernel's name: loop0.</param>
    /// <param name="device">Its number.</param>
    /// <param name="events">Who is told.</param>
    public DiskActor(string sysRoot, string name, DeviceNumber device, ContainerEvents events)
    {
        _sysRoot = sysRoot;
        _name = name;
        _device = device;
        _events = events;
        Working();
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    public IStash Stash { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object? message)
    {
        // Whoever waits for an answer to what failed would wait for ever.
        switch (message)
        {
            case JoinArray join:
                SysfsAttribute.WriteOnce($"{Array(join.Array)}/dev-{_name}/state", "remove");
                SysfsAttribute.WriteOnce($"{Array(join.Array)}/sync_action", "idle");
                Sender.Tell(new LegJoined(join.Assignment, Failed(reason)), Self);
                break;
            case StartRecovery:
                Sender.Tell(new RecoveryStarted(Failed(reason)), Self);
                break;
        }

        base.PreRestart(reason, message);

        KernelError Failed(Exception e) => new(Errno.EIO, _name, $"({e.Message}) have the disk's actor act for");
    }

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);
        Context.Parent.Tell(new Restarted(), Self);
    }

    private string Array(string array) => $"{_sysRoot}/block/{array}/md";

    private void Working()
    {
        Receive<Pause>(_ =>
        {
            Become(Paused);
            Sender.Tell(new DiskPaused(), Self);
        });
        Receive<Resume>(_ => { });
        Receive<LegAppeared>(leg => _legs[leg.Array] = new Leg(leg.Array, leg.Slot, leg.StatePath, leg.Member));
        Receive<LegVanished>(leg => _legs.Remove(leg.Array));
        Receive<DropLeg>(Drop);
        Receive<RemoveAgain>(again => Remove(again.Leg));
        Receive<UnblockLeg>(Unblock);
        Receive<JoinArray>(join => Sender.Tell(new LegJoined(join.Assignment, Join(join)), Self));
        Receive<LeaveArray>(leave =>
        {
            if (_legs.TryGetValue(leave.Array, out var leg))
            {
                SysfsAttribute.WriteOnce(Path.Combine(Path.GetDirectoryName(leg.StatePath)!, "slot"), "none");
                Remove(leg);
            }
        });
        Receive<ThawArray>(thaw => SysfsAttribute.WriteOnce($"{Array(thaw.Array)}/sync_action", "idle"));
        Receive<DescribeYourself>(_ => Sender.Tell(new DiskAnswer(), Self));
        Receive<SetArraySize>(set => Say(SysfsAttribute.WriteOnce($"{Array(set.Array)}/array_size", set.KiB.ToString(CultureInfo.InvariantCulture)), set.Array));
        Receive<RestoreShape>(Restore);
        Receive<StartRecovery>(start =>
        {
            var written = SysfsAttribute.WriteOnce($"{Array(start.Array)}/sync_action", "recover");
            Sender.Tell(new RecoveryStarted(written.Ok ? null : written.Error), Self);
        });
    }

    private void Paused()
    {
        Receive<Resume>(_ =>
        {
            Become(Working);
            Stash.UnstashAll();
        });
        Receive<Pause>(_ => Sender.Tell(new DiskPaused(), Self));
        ReceiveAny(_ => Stash.Stash());
    }

    private void Restore(RestoreShape restore)
    {
        var array = Array(restore.Array);
        var listed = SysfsDirectory.List(array, "dev-");
        foreach (var leg in listed.Ok ? listed.Value : [])
        {
            var slot = SysfsAttribute.ReadOnce($"{array}/{leg}/slot");
            if (slot is { Ok: true, Value: "none" })
            {
                Say(SysfsAttribute.WriteOnce($"{array}/{leg}/state", "remove"), restore.Array);
            }
        }

        if (!listed.Ok)
        {
            Say(listed.Error, restore.Array);
        }

        var legs = restore.RaidDisks.ToString(CultureInfo.InvariantCulture);
        var now = SysfsAttribute.ReadOnce($"{array}/raid_disks");
        if (now.Ok && now.Value != legs)
        {
            Say(SysfsAttribute.WriteOnce($"{array}/raid_disks", legs), restore.Array);
        }
    }

    private void Say(Result<Nothing> written, string array)
    {
        if (!written.Ok && written.Error.Errno is not (Errno.ENODEV or Errno.ENOENT))
        {
            _events.Error("reshape-refused", $"{written.Error}", array);
        }
    }

    private void Drop(DropLeg drop)
    {
        if (!_legs.TryGetValue(drop.Array, out var leg))
        {
            return;
        }

        Write(leg, "-blocked");
        foreach (var other in _legs.Values)
        {
            if (other.Array != leg.Array && !IsFaulty(other))
            {
                _events.Warning("leg-failed-too", $"{_name} failed in {leg.Array}: failed in {other.Array} as well", other.Array, _name);
                Write(other, "faulty");
            }
        }

        if (drop.Remove)
        {
            Remove(leg);
        }
    }

    private void Remove(Leg leg)
    {
        if (!_legs.TryGetValue(leg.Array, out var known) || known != leg)
        {
            return;
        }

        var written = SysfsAttribute.WriteOnce(leg.StatePath, "remove");
        if (!written.Ok && written.Error.Errno is Errno.EBUSY or Errno.EAGAIN)
        {
            // md lets go of it when the requests that were under way have ended.
            Timers.StartSingleTimer(leg.Array, new RemoveAgain(leg), RemoveAgainAfter);
            return;
        }

        if (!written.Ok && written.Error.Errno is not (Errno.ENODEV or Errno.ENOENT))
        {
            _events.Error("remove-refused", $"{_name} cannot be removed from {leg.Array}: {written.Error}", leg.Array, _name);
            return;
        }

        _legs.Remove(leg.Array);
        leg.Member.Tell(new LegRemoved(leg.Slot, _name), Self);
    }

    private void Unblock(UnblockLeg unblock)
    {
        if (!_legs.TryGetValue(unblock.Array, out var leg))
        {
            return;
        }

        var list = Path.Combine(Path.GetDirectoryName(leg.StatePath)!, "bad_blocks");
        foreach (var block in unblock.Acknowledged)
        {
            var written = SysfsAttribute.WriteOnce(list, string.Create(CultureInfo.InvariantCulture, $"{block.Sector} {block.Length}\n"));
            if (!written.Ok)
            {
                _events.Error("bad-block-refused", $"{written.Error}", leg.Array, _name);
            }
        }

        if (unblock.Refused)
        {
            Write(leg, "-external_bbl");
        }

        Write(leg, "-blocked");
    }

    private KernelError? Join(JoinArray join)
    {
        var array = Array(join.Array);
        var spare = join.Assignment;
        var frozen = SysfsAttribute.WriteOnce($"{array}/sync_action", "frozen");
        if (!frozen.Ok)
        {
            return frozen.Error;
        }

        var added = SysfsAttribute.WriteOnce($"{array}/new_dev", _device.ToString());
        if (!added.Ok)
        {
            SysfsAttribute.WriteOnce($"{array}/sync_action", "idle");
            return added.Error;
        }

        var leg = $"{array}/dev-{_name}";
        (string Name, ulong Value)[] settings =
        [
            ("offset", spare.DataOffset),
            ("size", (spare.ComponentSectors + 1) / 2),
            ("slot", (ulong)spare.Slot),
        ];
        foreach (var (name, value) in settings)
        {
            var written = SysfsAttribute.WriteOnce($"{leg}/{name}", value.ToString(CultureInfo.InvariantCulture));
            if (!written.Ok)
            {
                SysfsAttribute.WriteOnce($"{leg}/state", "remove");
                SysfsAttribute.WriteOnce($"{array}/sync_action", "idle");
                return written.Error;
            }
        }

        // Kernels without bad-block lists for external metadata refuse this; they do without.
        SysfsAttribute.WriteOnce($"{leg}/state", "external_bbl");
        foreach (var block in join.BadBlocks)
        {
            SysfsAttribute.WriteOnce($"{leg}/bad_blocks", string.Create(CultureInfo.InvariantCulture, $"{block.Sector} {block.Length}\n"));
        }

        return null;
    }

    private bool IsFaulty(Leg leg)
    {
        var state = SysfsAttribute.ReadOnce(leg.StatePath);
        return state.Ok ? (KernelWords.ParseLeg(state.Value) & LegFlags.Faulty) != 0 : state.Error.MeansGone;
    }

    private void Write(Leg leg, string word)
    {
        var written = SysfsAttribute.WriteOnce(leg.StatePath, word);
        if (!written.Ok && written.Error.Errno is not (Errno.ENODEV or Errno.ENOENT))
        {
            _events.Error("leg-state-refused", $"{written.Error}", leg.Array, _name);
        }
    }

    private sealed record Leg(string Array, int Slot, string StatePath, IActorRef Member);

    private sealed record RemoveAgain(Leg Leg);
}
