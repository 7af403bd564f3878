using System.Collections.Concurrent;
using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Format = ActorRaid.Metadata.Imsm.Load.ImsmFormat;

namespace ActorRaid.Tests.Actors;

/// <summary>How a disk behaves when it is opened and read.</summary>
public enum DiskMood
{
    /// <summary>As it should.</summary>
    Good,

    /// <summary>EIO for everything.</summary>
    Dead,

    /// <summary>No answer until its mood changes.</summary>
    Hangs,

    /// <summary>The process has no descriptor left for it.</summary>
    OutOfDescriptors,
}

/// <summary>
/// All of supervision over a folder, with a container whose disks are files: md9127 of sda, sdb, sdc with a RAID5 volume, which runs as md9126.
/// </summary>
internal sealed class DiskRig : IDisposable
{
    public const string Container = "md9127", Array = "md9126";

    /// <summary>How long a disk may take to answer.</summary>
    public static readonly TimeSpan DiskLimit = TimeSpan.FromMilliseconds(500);

    private readonly TemporaryFolder _disks = new();
    private readonly ConcurrentDictionary<string, DiskMood> _moods = new();
    private readonly ConcurrentDictionary<string, ManualResetEventSlim> _answers = new();
    private readonly RaidHost _host;
    private RaidHost? _second;
    private int _opened;
    private readonly ImsmContainer _model;

    /// <param name="model">What the disks hold; three of them and a RAID5 unless said otherwise.</param>
    /// <param name="without">A disk that md does not have in the container yet.</param>
    public DiskRig(ImsmContainer? model = null, string? without = null)
    {
        _model = model ?? Build.Container(disks: 3).Volume(level: 5, disks: 3);
        Sysfs.Container(Container);
        foreach (var disk in _model.Present)
        {
            Write(disk.Name, _model.Sectors(disk.Device)!, (long)disk.Sectors * 512);
            if (disk.Name != without)
            {
                Join(disk.Name);
            }
        }

        Md = Sysfs.Array(Array, Container, volume: 0, legs: _model.Volumes[0].Legs.Length);
        Run(_model.Volumes[0].Level);
        _host = Start(Told);
    }

    public FakeSysfs Sysfs { get; } = new();

    public FakeArray Md { get; }

    public EventList Told { get; } = new();

    public EventList ToldBySecond { get; } = new();

    public RaidSystem Raid => _host.Raid;

    public ActorSystem System => _host.System;

    /// <summary>Another supervisor on the same system, as a process that takes over would be.</summary>
    public RaidSystem Second() => (_second ??= Start(ToldBySecond)).Raid;

    /// <summary>How often disks were opened, or tried to be.</summary>
    public int Opened => Volatile.Read(ref _opened);

    /// <summary>So much time passes, for both supervisors. What is due then is not waited for.</summary>
    public void Pass(TimeSpan time)
    {
        _host.Pass(time);
        _second?.Pass(time);
    }

    /// <summary>From now on the disk is so; what hangs answers so.</summary>
    public void Mood(string disk, DiskMood mood)
    {
        var answers = _answers.GetOrAdd(disk, _ => new ManualResetEventSlim());
        if (mood == DiskMood.Hangs)
        {
            answers.Reset();
        }

        _moods[disk] = mood;
        if (mood != DiskMood.Hangs)
        {
            answers.Set();
        }
    }

    /// <summary>The volume runs; or nothing does.</summary>
    public void Run(int? level) => Sysfs.List(level is { } known ? [(Array, Container, 0, $"raid{known}")] : []);

    /// <summary>md has the disk in the container from now on.</summary>
    public void Join(string disk) => Sysfs.Put(Container, $"dev-{disk}/block/dev", $"8:{16 * (disk[^1] - 'a')}\n");

    /// <summary>The leg on that disk is none of the array's any more.</summary>
    public void RemoveLeg(string disk) => Directory.Delete(Sysfs.PathOf(Array, $"dev-{disk}"), recursive: true);

    public SuperviseReply Supervise() => Patience.Within(Raid.Supervise(Container));

    /// <summary>A first write: it goes on when that is recorded.</summary>
    public void WriteGoesThrough()
    {
        Md.State.Text = "write-pending";
        Eventually(() => Md.State.Text == "active", "the writer is let go");
        Md.State.Text = "clean";
        Ping();
    }

    /// <summary>
    /// Waits for that; meanwhile mdadm pings, as nobody notifies of a change here, and a little time passes.
    /// </summary>
    public void Eventually(Func<bool> condition, string what) => Until(
        () =>
        {
            if (!condition())
            {
                Ping();
            }

            return condition();
        },
        what, TimeSpan.FromMilliseconds(20));

    /// <summary>Waits for that; meanwhile time passes.</summary>
    /// <param name="condition">What is to come about.</param>
    /// <param name="what">The same in words.</param>
    /// <param name="step">So much of it at each look.</param>
    public void Until(Func<bool> condition, string what, TimeSpan step)
    {
        try
        {
            Patience.Until(
                () =>
                {
                    var so = condition();
                    if (!so)
                    {
                        Pass(step);
                    }

                    return so;
                },
                what);
        }
        catch (Xunit.Sdk.XunitException e)
        {
            throw new Xunit.Sdk.XunitException($"{e.Message}\n{Told}", e);
        }
    }

    /// <summary>mdadm's ping to the manager and to the monitor; true if both were answered.</summary>
    public bool Ping()
    {
        using var client = MonitorClient.Connect($"{Sysfs.RunDirectory}/{Container}.sock", Patience.Limit) is { Ok: true, Value: var connected } ? connected : null;
        return client is not null && client.PingManager().Ok && client.PingMonitor().Ok;
    }

    /// <summary>The copies of these disks, or of one alone, as a container; null: there is none.</summary>
    public IContainerModel? CopyOn(params string[] disks) => new Format().Load([.. disks.Select(Source)]).Model;

    /// <summary>Writes another copy to a disk, behind everybody's back.</summary>
    public void Overwrite(string disk, ImsmContainer with) => Write(disk, with.Sectors(Build.Device(disk[^1] - 'a'))!, null);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var disk in _moods.Keys)
        {
            Mood(disk, DiskMood.Dead);
        }

        _host.Dispose();
        _second?.Dispose();
        Sysfs.Dispose();
        _disks.Dispose();
    }

    private RaidHost Start(EventList told) => new(
        told, new RaidSettings([new Format()], Sysfs.Root, Sysfs.RunDirectory, Sysfs.MdStatPath)
        {
            OpenDisk = Open,
            DiskLimit = DiskLimit,
        });

    private Result<OpenDisk> Open(IMetadataFormat format, string name, DeviceNumber number)
    {
        Interlocked.Increment(ref _opened);
        if (_moods.GetValueOrDefault(name) == DiskMood.Hangs)
        {
            _answers[name].Wait();
        }

        return _moods.GetValueOrDefault(name) switch
        {
            DiskMood.Dead => new KernelError(Errno.EIO, name, "read"),
            DiskMood.OutOfDescriptors => new KernelError(Errno.EMFILE, name, "open"),
            _ => new OpenDisk(Source(name), BlockDevice.Open(_disks[name], writable: true).Value),
        };
    }

    private DiskSource Source(string name)
    {
        using var file = new FileStream(_disks[name], FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var tail = new byte[new Format().TailBytes(512)];
        file.Position = file.Length - tail.Length;
        file.ReadExactly(tail);
        return new DiskSource(Build.Device(name[^1] - 'a'), name, "SERIAL-" + name, (ulong)file.Length / 512, 512, tail);
    }

    private void Write(string name, DiskImage image, long? length)
    {
        using var file = new FileStream(_disks[name], FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(length ?? file.Length);
        file.Position = image.Offset;
        file.Write(image.Bytes.Span);
    }
}
