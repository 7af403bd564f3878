using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Tests.ImsmFormat;
using static ActorRaid.Tests.ImsmRules.Build;

namespace ActorRaid.Tests.ImsmRules;

/// <summary>
/// Containers' disks with changed metadata, the checksum right: those that mdadm wrote, and some in states that are
/// hard to catch. The disks' tails are made over with each container, so that a container is to be done with before the
/// next.
/// </summary>
internal sealed class OddContainers
{
    private const int TailSectors = 64;
    private readonly List<Disk> _changed = [];
    private readonly ImmutableArray<ImmutableArray<Disk>> _containers =
        [.. Fixtures.Names.Select(name => Fixtures.Disks(name)).Concat(Made()).Select(disks => disks.Select(Known).ToImmutableArray())];

    /// <summary>The next one.</summary>
    public ImmutableArray<DiskSource> Next(Random random)
    {
        var disks = _containers[random.Next(_containers.Length)];
        var model = disks[random.Next(disks.Length)];
        var changed = Changed(model, random);

        // On all disks that have the same copy, or on one.
        var alone = random.Next(4) == 0;
        foreach (var disk in _changed)
            disk.Pristine.CopyTo(disk.Tail, 0);
        _changed.Clear();
        foreach (var disk in disks)
        {
            if (!ReferenceEquals(disk, model) && (alone || !disk.Metadata.AsSpan().SequenceEqual(model.Metadata)))
                continue;
            Put(disk, changed);
            _changed.Add(disk);
        }

        return [.. disks.Select(disk => disk.Source)];
    }

    private static byte[] Changed(Disk model, Random random)
    {
        var bytes = model.Metadata;
        var super = model.Super;
        for (var changes = random.Next(1, 4); changes > 0; changes--)
            super = OddModels.Change(super, random);
        if (!ReferenceEquals(super, model.Super) && CanBeWritten(super))
            bytes = ImsmWriter.Write(super, model.Source.SectorSize);
        else
            bytes = [.. bytes];
        for (var changes = random.Next(5) - 2; changes > 0; changes--)
            Mutations.Mutate(ref bytes, random);
        Mutations.Seal(bytes);
        return bytes;
    }

    private static bool CanBeWritten(ImsmSuper super) =>
        super.Disks.Length <= 255 && super.Devs.Length <= 255 && ImsmWriter.SizeOf(super) <= ImsmReader.MaxSize;

    private static void Put(Disk disk, byte[] metadata)
    {
        var sector = disk.Source.SectorSize;
        var anchor = disk.Tail.AsSpan(disk.Tail.Length - (2 * sector), sector);
        anchor.Clear();
        metadata.AsSpan(0, Math.Min(metadata.Length, sector)).CopyTo(anchor);
        if (metadata.Length > sector)
        {
            var size = (metadata.Length - 1) / sector * sector;
            metadata.AsSpan(sector).CopyTo(disk.Tail.AsSpan(disk.Tail.Length - (2 * sector) - size));
        }
    }

    private static Disk Known(DiskSource source)
    {
        var tail = new byte[TailSectors * 512];
        source.Tail.Span[^Math.Min(source.Tail.Length, tail.Length)..].CopyTo(tail.AsSpan(Math.Max(0, tail.Length - source.Tail.Length)));
        var read = ImsmPlacement.Read(tail, source.SectorSize);
        return new Disk(
            source with { Tail = tail }, tail, [.. tail], read.Super!, ImsmWriter.Write(read.Super!, source.SectorSize));
    }

    private static IEnumerable<ImmutableArray<DiskSource>> Made()
    {
        var mirror = Container(disks: 2, spares: 1).Volume(level: 1, disks: 2);
        var both = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Volume(level: 5, disks: 3);
        var ten = Container(disks: 4, spares: 1).Volume(level: 10, disks: 4).Volume(level: 0, disks: 4);
        yield return Written(mirror);
        yield return Written(mirror.Fail(0, 1).Rebuild());
        yield return Written(both);
        yield return Written(both.Fail(0, 0).Fail(1, 0).Rebuild(1));
        yield return Written(ten);
        yield return Written(ten.Fail(0, 2));
        yield return Written(both.State(Consistency.Dirty, Facts(resyncStart: 0, current: SyncAction.Resync)));
        yield return Written(Container(disks: 2, spares: 0).Volume(level: 1, disks: 2).Volume(level: 1, disks: 2));
        yield return Written(Container(disks: 4, spares: 0).Volume(level: 1, disks: 2).Volume(level: 1, disks: 2, first: 2));
    }

    private static ImmutableArray<DiskSource> Written(ImsmContainer container) =>
    [
        .. container.Present.Where(disk => container.Sectors(disk.Device) is not null).Select(disk =>
        {
            var image = container.Sectors(disk.Device)!;
            var tail = new byte[TailSectors * 512];
            image.Bytes.CopyTo(tail.AsMemory((int)(image.Offset - (((long)disk.Sectors * 512) - tail.Length))));
            return new DiskSource(disk.Device, disk.Name, disk.OwnSerial.ToString(), disk.Sectors, disk.SectorSize, tail);
        }),
    ];

    private sealed record Disk(DiskSource Source, byte[] Tail, byte[] Pristine, ImsmSuper Super, byte[] Metadata);
}
