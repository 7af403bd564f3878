using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Tests.Commit;

/// <summary>
/// Which copy mdadm 4.2 makes a container of, said apart from the loader and of nothing but valid copies as they are on the disks
/// (upstream: imsm_thunderdome with __prep_thunderdome and validate_members). A disk with a torn copy is none of mdadm's.
/// </summary>
/// <param name="Super">The copy; null: "mdadm: no RAID superblock" or the like.</param>
/// <param name="Conflicts">Families of which mdadm says that it takes them offline.</param>
internal sealed record MdadmChoice(ImsmSuper? Super, ImmutableArray<uint> Conflicts)
{
    /// <summary>mdadm's choice among these disks, which it reads in this order.</summary>
    public static MdadmChoice Of(IEnumerable<DiskSource> disks)
    {
        var copies = disks.Select(Read).OfType<Copy>().Reverse().ToArray();
        var table = new List<Copy>();
        var owners = new Dictionary<string, int?>();
        foreach (var copy in copies)
        {
            Enter(copy, table, owners);
        }

        var valid = table.Where((copy, place) => owners.GetValueOrDefault(copy.Serial) == place
            && copy.Super.Disks.All(disk => owners[disk.Serial.ToString()] is not { } owner || owner == place)).ToArray();
        var real = valid.Where(copy => !copy.Super.Devs.IsEmpty).ToArray();
        return new MdadmChoice((real.FirstOrDefault() ?? valid.LastOrDefault())?.Super, [.. real.Skip(1).Select(copy => copy.Super.FamilyNumber)]);
    }

    /// <summary>What the loader makes of the container that mdadm makes of these disks: each member has the copy that was chosen.</summary>
    public static ImsmContainer? Container(IReadOnlyCollection<DiskSource> disks)
    {
        if (Of(disks).Super is not { } super)
        {
            return null;
        }

        return new ImsmContainer(super, [.. disks.Where(disk => Read(disk) is not null)
            .Select(disk => (disk, index: super.IndexOf(ImsmSerial.Trim(disk.Serial))))
            .Where(found => found.index >= 0 && (super.Disks[found.index].Status & ImsmDiskStatus.Failed) == 0)
            .Select(found => new PresentDisk(
                found.disk.Device, found.disk.Name, found.index, super.Disks[found.index], found.disk.SectorSize, found.disk.Sectors, null))], null);
    }

    private static Copy? Read(DiskSource disk)
    {
        var serial = ImsmSerial.Trim(disk.Serial);
        return ImsmPlacement.Read(disk.Tail.Span, disk.SectorSize) is { Super: { } super } read
            ? new Copy(serial, super, read.Checksum, super.Disks.FirstOrDefault(own => own.Serial.ToString() == serial))
            : null;
    }

    private static void Enter(Copy copy, List<Copy> table, Dictionary<string, int?> owners)
    {
        var place = table.FindIndex(other => other.Super.FamilyNumber == copy.Super.FamilyNumber);
        if (place < 0)
        {
            place = table.Count;
            table.Add(copy);
        }
        else if (table[place].Checksum == copy.Checksum
            || ((copy.IsMember || !table[place].IsMember) && table[place].Super.Generation < copy.Super.Generation))
        {
            table[place] = copy;
        }
        else
        {
            if (owners.ContainsKey(copy.Serial))
            {
                owners[copy.Serial] = place;
            }

            return;
        }

        foreach (var disk in copy.Super.Disks.Select(disk => disk.Serial.ToString()))
        {
            owners[disk] = disk == copy.Serial ? place : owners.GetValueOrDefault(disk);
        }
    }

    private sealed record Copy(string Serial, ImsmSuper Super, uint Checksum, ImsmDisk? Own)
    {
        public bool IsMember => Own is { } own && (own.Status & ImsmDiskStatus.Configured) != 0;
    }
}
