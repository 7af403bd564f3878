using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Actors.Recording;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.SysfsIo;
using Akka.Actor;
using Akka.TestKit;
using Format = ActorRaid.Metadata.Imsm.Load.ImsmFormat;
using Record = ActorRaid.Actors.Record;

namespace ActorRaid.Tests.Actors;

/// <summary>A metadata actor over disks that are files, on a loop of its own.</summary>
internal sealed class MetadataRig : LoopKit
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorraid-metadata-").FullName;
    private readonly ImsmContainer _model;
    private readonly TestProbe _probe;
    private readonly ImmutableArray<OpenDisk> _disks;

    /// <param name="model">What the disks hold at first.</param>
    /// <param name="unwritable">Numbers of disks whose writes fail.</param>
    public MetadataRig(ImsmContainer model, params int[] unwritable)
        : this(model, load: false, unwritable)
    {
    }

    /// <param name="model">What the disks hold at first.</param>
    /// <param name="load">Whether the actor begins with what is loaded from them, and not with the model itself.</param>
    /// <param name="unwritable">Numbers of disks whose writes fail.</param>
    public MetadataRig(ImsmContainer model, bool load, int[] unwritable)
    {
        _model = model;
        var disks = ImmutableArray.CreateBuilder<OpenDisk>();
        for (var number = 0; number < model.Present.Length; number++)
        {
            var disk = model.Present[number];
            using (var file = File.Create(FileOf(disk.Name)))
            {
                file.SetLength((long)disk.Sectors * 512);
                if (model.Sectors(disk.Device) is { } image)
                {
                    file.Position = image.Offset;
                    file.Write(image.Bytes.Span);
                }
            }

            var opened = BlockDevice.Open(FileOf(disk.Name), writable: !unwritable.Contains(number));
            disks.Add(new OpenDisk(Read(disk.Name, disk.Device), opened.Value));
        }

        _disks = disks.ToImmutable();
        var begin = load ? OnDisk() : model;
        var settings = new MetadataSettings("md127", begin, _disks, Loop, new WritesUnderWay(), Events);
        Metadata = OnLoop(() => new MetadataActor(settings), CreateTestProbe());
        _probe = CreateTestProbe();
    }

    /// <summary>Who is tested.</summary>
    public IActorRef Metadata { get; }

    /// <summary>Whom answers come to.</summary>
    public IActorRef Asker => _probe.Ref;

    /// <summary>Asks for these changes, and waits for the answer.</summary>
    public Recorded Record(params Change[] changes)
    {
        Metadata.Tell(new Record(_probe.Ref, [.. changes]), _probe.Ref);
        return Answer<Recorded>();
    }

    /// <summary>Tells a message, answered to the probe.</summary>
    public void Tell(object message) => Metadata.Tell(message, _probe.Ref);

    /// <summary>The next answer.</summary>
    public T Answer<T>() => _probe.ExpectMsg<T>();

    /// <summary>Waits until all that was asked for is on every disk that can be written.</summary>
    public void Flush()
    {
        Tell(new Flush());
        Answer<Flushed>();
    }

    /// <summary>How many of the disks are open. (They are kept here, so that no finalizer closes any.)</summary>
    public int OpenDisks => _disks.Count(disk => Directory.EnumerateFiles("/proc/self/fd")
        .Any(number => new FileInfo(number).LinkTarget == disk.Device.Path));

    /// <summary>Whether a rehearsal on these disks comes to its end.</summary>
    public bool Rehearse() => Rehearsal.Of(_model, _disks);

    /// <summary>Ends the actor.</summary>
    public void Stop() => Metadata.Tell(PoisonPill.Instance, ActorRefs.NoSender);

    /// <summary>The generation that each disk's own copy says.</summary>
    public ImmutableArray<uint> Generations() =>
        [.. _model.Present.Select(disk => new Format().Load([Read(disk.Name, disk.Device)]).Model?.Generation ?? 0)];

    /// <summary>The disks' copies as they are.</summary>
    public ImmutableArray<ImsmSuper> Copies() =>
        [.. _model.Present.Select(disk => ImsmPlacement.Read(Read(disk.Name, disk.Device).Tail.Span, 512).Super).OfType<ImsmSuper>()];

    /// <summary>The container as the disks have it.</summary>
    public IContainerModel OnDisk() =>
        new Format().Load([.. _model.Present.Select(disk => Read(disk.Name, disk.Device))]).Model!;

    /// <inheritdoc/>
    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }

    private string FileOf(string name) => Path.Combine(_folder, name);

    private DiskSource Read(string name, DeviceNumber device)
    {
        using var file = new FileStream(FileOf(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var tail = new byte[new Format().TailBytes(512)];
        file.Position = file.Length - tail.Length;
        file.ReadExactly(tail);
        return new DiskSource(device, name, "SERIAL-" + name, (ulong)file.Length / 512, 512, tail);
    }
}
