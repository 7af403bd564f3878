using System.Collections.Concurrent;
using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;
using Format = ActorRaid.Metadata.Imsm.Load.ImsmFormat;
using GenericHost = Microsoft.Extensions.Hosting.Host;

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
    private readonly TemporaryFolder _disks = new();
    private readonly ConcurrentDictionary<string, DiskMood> _moods = new();
    private readonly List<IHost> _hosts = [];
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
        Host = Start(Told);
    }

    public FakeSysfs Sysfs { get; } = new();

    public FakeArray Md { get; }

    public EventList Told { get; } = new();

    public EventList ToldBySecond { get; } = new();

    public IHost Host { get; }

    public RaidSystem Raid => Host.Services.GetRequiredService<RaidSystem>();

    public ActorSystem System => Host.Services.GetRequiredService<ActorSystem>();

    /// <summary>Another supervisor on the same system, as a process that takes over would be.</summary>
    public RaidSystem Second() => Start(ToldBySecond).Services.GetRequiredService<RaidSystem>();

    public void Mood(string disk, DiskMood mood) => _moods[disk] = mood;

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

    /// <summary>Waits for that; meanwhile mdadm pings, as nobody notifies of a change here.</summary>
    public void Eventually(Func<bool> condition, string what) => Patience.Until(
        () =>
        {
            if (!condition())
            {
                Ping();
            }

            return condition();
        },
        what);

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
            _moods[disk] = DiskMood.Dead;
        }

        foreach (var host in _hosts)
        {
            Assert.True(host.StopAsync().Wait(Patience.Limit));
            host.Dispose();
        }

        Sysfs.Dispose();
        _disks.Dispose();
    }

    private IHost Start(EventList told)
    {
        var builder = GenericHost.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IEventSink>(told).AddRaidSystem(
            new RaidSettings([new Format()], Sysfs.Root, Sysfs.RunDirectory, Sysfs.MdStatPath) { OpenDisk = Open, DiskLimit = TimeSpan.FromMilliseconds(500) });
        var host = builder.Build();
        Assert.True(host.StartAsync().Wait(Patience.Limit));
        _hosts.Add(host);
        return host;
    }

    private Result<OpenDisk> Open(IMetadataFormat format, string name, DeviceNumber number)
    {
        while (_moods.GetValueOrDefault(name) == DiskMood.Hangs)
        {
            Thread.Sleep(5);
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
