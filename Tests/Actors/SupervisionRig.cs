using System.Collections.Concurrent;
using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// All of supervision over a folder: container md9127 of three disks with two RAID5 volumes, of which md9126 is running. The container has
/// no disks in sysfs (they would have to be block devices): what is recorded is written nowhere.
/// </summary>
internal sealed class SupervisionRig : IDisposable
{
    public const string Container = "md9127", Array = "md9126";
    private readonly RaidHost _host;
    private RaidHost? _second;
    private readonly ConcurrentQueue<bool> _empty = new();

    public SupervisionRig()
    {
        Sysfs.Container(Container);
        Md = Sysfs.Array(Array, Container, volume: 0, legs: 3);
        Running(Array);
        _host = Start(Told);
        Raid.EmptyChanged += _empty.Enqueue;
    }

    public FakeSysfs Sysfs { get; } = new();

    public FakeArray Md { get; }

    public EventList Told { get; } = new();

    public RaidSystem Raid => _host.Raid;

    /// <summary>So much time passes, for both supervisors. What is due then is not waited for.</summary>
    public void Pass(TimeSpan time)
    {
        _host.Pass(time);
        _second?.Pass(time);
    }

    /// <summary>What the second one told.</summary>
    public EventList ToldBySecond { get; } = new();

    /// <summary>Another supervisor on the same system, as a process that takes over would be.</summary>
    public RaidSystem Second() => (_second ??= Start(ToldBySecond)).Raid;

    /// <summary>Its actors, once it has been asked for.</summary>
    public ActorSystem? SecondSystem => _second?.System;

    /// <summary>Whether nothing was supervised, each time that this was told.</summary>
    public IEnumerable<bool> Emptied => _empty;

    public string PidPath => $"{Sysfs.RunDirectory}/{Container}.pid";

    /// <summary>The process that the pid file's number belongs to.</summary>
    public int Supervisor => PidFile.ReadProcess(PidPath).Value;

    public string SocketPath => $"{Sysfs.RunDirectory}/{Container}.sock";

    /// <summary>These volumes of the container are running, from volume 0 on.</summary>
    public void Running(params string[] arrays) => Sysfs.List([.. arrays.Select((array, volume) => (array, Container, volume, "raid5"))]);

    public SuperviseReply Supervise(string container = Container) => Patience.Within(Raid.Supervise(container));

    /// <summary>A connection as mdadm's.</summary>
    public MonitorClient Connect()
    {
        var client = MonitorClient.Connect(SocketPath, Patience.Limit);
        Assert.True(client.Ok, client.ToString());
        return client.Value;
    }

    /// <summary>mdadm's ping to the manager: /proc/mdstat was read and acted on when this returns.</summary>
    public void PingManager()
    {
        using var client = Connect();
        Assert.True(client.PingManager().Ok);
    }

    /// <summary>mdadm's ping to the monitor: all arrays were looked at, and what was seen is recorded, when this returns.</summary>
    public void PingMonitor()
    {
        using var client = Connect();
        var version = client.PingMonitor();
        Assert.True(version.Ok, version.ToString());
        Assert.StartsWith("mdadm - v", version.Value);
    }

    /// <summary>Waits for that; meanwhile time passes.</summary>
    public void Until(Func<bool> condition, string what) => Patience.Until(
        () =>
        {
            var so = condition();
            if (!so)
            {
                Pass(TimeSpan.FromMilliseconds(100));
            }

            return so;
        },
        what);

    /// <inheritdoc/>
    public void Dispose()
    {
        _host.Dispose();
        _second?.Dispose();
        Sysfs.Dispose();
    }

    private RaidHost Start(EventList told) =>
        new(told, new RaidSettings([new DisklessFormat()], Sysfs.Root, Sysfs.RunDirectory, Sysfs.MdStatPath));

    /// <summary>Whatever the disks, the same container.</summary>
    private sealed class DisklessFormat : IMetadataFormat
    {
        public string Name => "imsm";

        public int TailBytes(int sectorSize) => 4096;

        public LoadResult Load(ImmutableArray<DiskSource> disks) =>
            new(Build.Container(disks: 3).Volume(level: 5, disks: 3).Volume(level: 5, disks: 3), [], null);
    }
}
