using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// A new volume (struct imsm_update_create_array). All little-endian:
/// <code>
///   0  type, 1
///   4  the volume's index: the number of volumes that there are
///   8  struct imsm_dev with one map: 160 bytes and 4 for each member (as in the metadata)
///      then the members' serial numbers in slot order, 16 bytes each, zero-padded
/// </code>
/// The order table that mdadm sends is by its own view of the disk table: the serial numbers say which disks are meant.
/// </summary>
internal sealed record CreateArray(int Volume, ImsmDev Dev, ImmutableArray<Octets> Serials) : ImsmUpdate("create array")
{
    /// <summary>Bytes of a volume without members.</summary>
    public const int MinimumLength = VolumeOffset + 160;

    private const int VolumeOffset = 8;
    private const int SerialLength = 16;

    /// <summary>Reads it; the bytes are at least <see cref="MinimumLength"/>.</summary>
    public static Parsed Parse(ReadOnlySpan<byte> bytes)
    {
        var offset = VolumeOffset;
        if (ImsmReader.ReadDev(bytes, ref offset, out var error) is not { } dev)
        {
            return Parsed.Refused(error.ToString());
        }

        var members = dev.Map.Order.Length;
        var length = offset + (SerialLength * members);
        if (bytes.Length < length)
        {
            return Parsed.Refused($"{bytes.Length} bytes, {length} are needed for {members} members");
        }

        var serials = ImmutableArray.CreateBuilder<Octets>(members);
        for (; offset < length; offset += SerialLength)
        {
            serials.Add(new Octets(bytes.Slice(offset, SerialLength)));
        }

        return new CreateArray(UpdateBytes.Int(bytes, 4), dev, serials.MoveToImmutable());
    }

    /// <inheritdoc/>
    internal override string? Refusal(ImsmContainer container)
    {
        var volumes = container.Super.Devs.Length;
        if (Volume != volumes)
        {
            return Volume >= 0 && Volume < volumes
                ? $"volume {Volume} is there already"
                : $"volume {Volume} is not the next one: there are {volumes}";
        }

        if (container.Super.Devs.Any(dev => dev.Volume.Exact == Dev.Volume.Exact))
        {
            return $"a volume named {Dev.Volume} is there already";
        }

        return volumes == byte.MaxValue ? "there are 255 volumes already" : Nonsense() ?? Unusable(container) ?? Overlap(container);
    }

    /// <inheritdoc/>
    internal override ImsmContainer Apply(ImsmContainer container)
    {
        var first = container.Super.Devs.IsEmpty;
        var changed = first ? FirstVolume(container) : container;
        var order = ImmutableArray.CreateBuilder<uint>(Serials.Length);
        foreach (var serial in Serials)
        {
            var disk = Find(changed, serial)!;
            if (disk.Index == -1)
            {
                changed = Membership.Admit(changed, disk);
            }

            order.Add((uint)Find(changed, serial)!.Index);
        }

        var dev = Dev with { Map = Dev.Map with { Order = order.MoveToImmutable() } };
        return changed with { Super = Features.Update(changed.Super with { Devs = changed.Super.Devs.Add(dev) }) };
    }

    // What a disk table holds that no volume uses says nothing; mdadm begins a first volume with an empty one, too, and
    // with a family of its own. Upstream draws that number; here it follows from what is there, so that the function is pure.
    private ImsmContainer FirstVolume(ImsmContainer container)
    {
        var seed = new HashCodeFnv();
        seed.Add(container.Super.FamilyNumber);
        seed.Add(container.Super.Generation);
        seed.Add(Dev.Volume.Span);
        foreach (var serial in Serials)
        {
            seed.Add(serial.Span);
        }

        return container with
        {
            Super = container.Super with
            {
                FamilyNumber = seed.Value,
                OriginalFamilyNumber = seed.Value,
                VolumesCreated = Dev.VolumeId,
                Disks = [],
            },
            Present = [.. container.Present.Select(disk => disk.Index >= 0 ? disk with { Index = -1 } : disk)],
        };
    }

    private string? Nonsense()
    {
        var map = Dev.Map;
        var level = map.Level();
        var fits = level switch
        {
            0 => Serials.Length >= 1,
            1 => true,
            5 => Serials.Length >= 3,
            10 => Serials.Length >= 4 && Serials.Length % 2 == 0,
            _ => false,
        };
        if (!fits)
        {
            return $"{Serials.Length} members at level {map.RaidLevel} are no volume";
        }

        if (map.NumDomains != (level is 1 or 10 ? 2 : 1) || map.BlocksPerStrip == 0 || map.NumDataStripes == 0)
        {
            return $"{map.NumDomains} domains, {map.NumDataStripes} stripes of {map.BlocksPerStrip} sectors are no volume of level {level}";
        }

        if (Dev.MigrationState != 0)
        {
            return $"a new volume under migration (state {Dev.MigrationState})";
        }

        if (Dev.RwhPolicy > RwhPolicy.Bitmap)
        {
            return $"write-hole policy {(byte)Dev.RwhPolicy} is not known";
        }

        return Dev.Volume.Length > 0 && Dev.Volume.Span[0] != 0 ? null : "the volume has no name";
    }

    private string? Unusable(ImsmContainer container)
    {
        var seen = new HashSet<DeviceNumber>();
        var joining = 0;
        foreach (var serial in Serials)
        {
            var disk = Find(container, serial);
            if (disk is null)
            {
                return $"no disk with serial {serial} is present";
            }

            if (!seen.Add(disk.Device))
            {
                return $"disk {disk.Name} (serial {serial}) is named twice";
            }

            if (Membership.IsFailed(container, disk))
            {
                return $"disk {disk.Name} (serial {serial}) has failed";
            }

            if (MapSizes.End(Dev.Map) > disk.Sectors)
            {
                return $"the volume ends at sector {MapSizes.End(Dev.Map)}, disk {disk.Name} has {disk.Sectors}";
            }

            joining += disk.Index == -1 ? 1 : 0;
        }

        var places = container.Super.Devs.IsEmpty ? Serials.Length : container.Super.Disks.Length + joining;
        return places <= Membership.MaximumDisks ? null : $"the disk table would have {places} entries";
    }

    // Volumes that merely touch count as overlapping, as they do upstream: mdadm always leaves a gap.
    private string? Overlap(ImsmContainer container)
    {
        var (start, end) = (Dev.Map.PbaOfLba0, MapSizes.End(Dev.Map));
        foreach (var other in container.Super.Devs)
        {
            if (start > MapSizes.End(other.Map) || end < other.Map.PbaOfLba0)
            {
                continue;
            }

            var shared = Serials.Select(serial => Find(container, serial))
                .FirstOrDefault(disk => disk is { Index: >= 0 } && Uses(other, disk.Index));
            if (shared is not null)
            {
                return $"sectors {start} to {end} of {shared.Name} overlap volume {other.Volume}, "
                    + $"which has {other.Map.PbaOfLba0} to {MapSizes.End(other.Map)}";
            }
        }

        return null;
    }

    private static bool Uses(ImsmDev dev, int index) =>
        dev.Map.Order.Any(order => VolumeGeometry.DiskIndex(order) == index)
        || (dev.SecondMap?.Order.Any(order => VolumeGeometry.DiskIndex(order) == index) ?? false);

    private static PresentDisk? Find(ImsmContainer container, Octets serial)
    {
        var wanted = serial.Exact;
        return container.Present.FirstOrDefault(disk => disk.OwnSerial.Exact == wanted);
    }

    /// <summary>FNV-1a in 32 bits.</summary>
    private struct HashCodeFnv()
    {
        public uint Value { get; private set; } = 0x811C9DC5;

        public void Add(ReadOnlySpan<byte> bytes)
        {
            foreach (var b in bytes)
            {
                Value = unchecked((Value ^ b) * 0x01000193);
            }
        }

        public void Add(uint word) => Add([(byte)word, (byte)(word >> 8), (byte)(word >> 16), (byte)(word >> 24)]);
    }
}
