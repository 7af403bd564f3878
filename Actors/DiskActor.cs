using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>
/// One disk of a container. It waits for nothing itself: the disk joins an array on a thread of its own (md may want
/// all requests to have ended, the disk may not answer), and its legs are written to by <see cref="LegWrites"/>.
/// </summary>
public sealed class DiskActor : RaidActor
{
    /// <summary>So long a disk may rightly wait in the kernel before that is shown.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);
    private const int PreparedAtOnce = 64 * 1024;
    private readonly string _sysRoot;
    private readonly string _name;
    private readonly string _path;
    private readonly DeviceNumber _device;
    private readonly DeviceWorker _joining;

    /// <summary>An actor for that disk.</summary>
    /// <param name="sysRoot">/sys, but for tests.</param>
    /// <param name="name">The kernel's name: loop0.</param>
    /// <param name="device">Its number.</param>
    /// <param name="legs">Writes to its legs.</param>
    /// <param name="path">The device; null: the one of that name.</param>
    public DiskActor(string sysRoot, string name, DeviceNumber device, LegWrites legs, string? path = null)
    {
        _sysRoot = sysRoot;
        _name = name;
        _path = path ?? BlockDevice.PathOf(name);
        _device = device;
        _joining = new DeviceWorker($"md {name}");
        Receive<JoinArray>(join =>
        {
            var (self, asker) = (Self, Sender);
            if (!_joining.TryPost(() => asker.Tell(new LegJoined(join.Attempt, join.Assignment, Try(join)), self)))
            {
                Refuse(join, new KernelError(Errno.EAGAIN, _name, "start a thread for"));
            }
        });
        Receive<DescribeYourself>(_ =>
            Sender.Tell(new DiskAnswer(_joining.Busy > Grace || legs.Waits(_name)), Self));
    }

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object? message)
    {
        // Whoever waits for it would wait as long as he can.
        if (message is JoinArray join && join.Permit.Withdraw())
        {
            Refuse(join, Failed(reason));
        }

        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);
        Context.Parent.Tell(new Restarted(), Self);
    }

    /// <inheritdoc/>
    protected override void PostStop() => _joining.Dispose();

    private void Refuse(JoinArray join, KernelError error) =>
        Sender.Tell(new LegJoined(join.Attempt, join.Assignment, error), Self);

    private KernelError Failed(Exception e) => new(Errno.EAGAIN, _name, $"({e.Message}) give to md");

    /// <summary>An exception of a thread would end the process.</summary>
    private KernelError? Try(JoinArray join)
    {
        try
        {
            return Join(join);
        }
        catch (Exception e)
        {
            return join.Permit.Withdraw() ? Failed(e) : null;
        }
    }

    private KernelError? Join(JoinArray join)
    {
        var array = $"{_sysRoot}/block/{join.Array}/md";
        var spare = join.Assignment;
        if (!spare.Prepare.IsEmpty && Prepare(spare.Prepare, join.Permit) is { } unprepared)
        {
            return unprepared;
        }

        var added = SysfsAttribute.WriteOnce($"{array}/new_dev", _device.ToString());
        if (!added.Ok)
        {
            return added.Error;
        }

        var leg = $"{array}/dev-{_name}";
        List<(string Name, ulong Value)> settings =
            [("offset", spare.DataOffset), ("size", (spare.ComponentSectors + 1) / 2)];
        if (spare.Ppl is { } ppl)
        {
            settings.AddRange([("ppl_sector", ppl.Start), ("ppl_size", ppl.Size)]);
        }

        settings.Add(("slot", (ulong)spare.Slot));
        foreach (var (name, value) in settings)
        {
            var path = $"{leg}/{name}";
            var written = name != "slot" || join.Permit.Take()
                ? SysfsAttribute.WriteOnce(path, value.ToString(CultureInfo.InvariantCulture))
                : new KernelError(Errno.ETIMEDOUT, path, "write");
            if (!written.Ok)
            {
                SysfsAttribute.WriteOnce($"{leg}/state", "remove");
                return written.Error;
            }
        }

        // Kernels without bad-block lists for external metadata refuse this; they do without.
        SysfsAttribute.WriteOnce($"{leg}/state", "external_bbl");
        foreach (var block in join.BadBlocks)
        {
            SysfsAttribute.WriteOnce($"{leg}/bad_blocks", LegWrites.ToText(block));
        }

        return null;
    }

    /// <summary>
    /// Writes what has to be on the disk before md gets it. A disk that is not wanted any more may be in use elsewhere:
    /// that is not written.
    /// </summary>
    private KernelError? Prepare(ImmutableArray<SectorWrite> writes, JoinPermit permit)
    {
        var opened = BlockDevice.Open(_path, writable: true);
        if (!opened.Ok)
        {
            return opened.Error;
        }

        using var device = opened.Value;
        foreach (var write in writes)
        {
            for (var done = 0; done < write.Bytes.Length; done += PreparedAtOnce)
            {
                if (permit.IsWithdrawn)
                {
                    return new KernelError(Errno.ETIMEDOUT, _path, "write");
                }

                var part = write.Bytes.Slice(done, Math.Min(PreparedAtOnce, write.Bytes.Length - done));
                if (device.Write(write.Offset + done, part.Span) is { Ok: false } refused)
                {
                    return refused.Error;
                }
            }
        }

        return permit.IsWithdrawn ? new KernelError(Errno.ETIMEDOUT, _path, "write") : null;
    }
}

/// <summary>
/// Whether a spare may still be given its slot: the disk's thread takes that right, or the array's actor, who waits no
/// longer, withdraws it; who comes first has it.
/// </summary>
public sealed class JoinPermit
{
    private int _state;

    /// <summary>Nobody waits for it any more.</summary>
    public bool IsWithdrawn => Volatile.Read(ref _state) == 2;

    /// <summary>The slot is about to be written. False: it must not be.</summary>
    public bool Take() => Interlocked.CompareExchange(ref _state, 1, 0) == 0;

    /// <summary>The slot must not be written any more. False: it is being written, or was.</summary>
    public bool Withdraw() => Interlocked.CompareExchange(ref _state, 2, 0) != 1;
}
