using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Tests.ImsmUpdates;

/// <summary>Containers of loop disks, as mdadm makes them with IMSM_DEVNAME_AS_SERIAL.</summary>
internal static class Sample
{
    public const ulong DiskSectors = 131072;
    public const ulong FirstSector = 2048;

    public static DeviceNumber Device(int disk) => new(7, disk);

    public static string Serial(int disk) => $"/dev/loop{disk}";

    /// <summary>Members in table order, then spares; no volume yet.</summary>
    public static ImsmContainer Container(int members, int spares, params ImsmDev[] devs) => new(
        new ImsmSuper
        {
            Signature = Octets.Text("Intel Raid ISM Cfg Sig. 1.3.00", 32),
            FamilyNumber = 0x12345678,
            OriginalFamilyNumber = 0x12345678,
            Generation = 7,
            Attributes = (ImsmAttributes)0x80000000,
            VolumesCreated = (ushort)devs.Length,
            Filler = Octets.Zeros(128),
            Disks = [.. Enumerable.Range(0, members).Select(disk => Disk(disk, ImsmDiskStatus.Configured))],
            Devs = [.. devs],
        },
        [.. Enumerable.Range(0, members + spares).Select(disk => new PresentDisk(
            Device(disk), $"loop{disk}", disk < members ? disk : -1,
            Disk(disk, disk < members ? ImsmDiskStatus.Configured : ImsmDiskStatus.Spare), 512, DiskSectors, null))],
        null);

    /// <summary>A volume on the first disks of the table, as mdadm computes its numbers.</summary>
    public static ImsmDev Volume(
        string name, int level, int members, ulong perMember = 20480, ulong first = FirstSector, ushort chunk = 256, ushort id = 1)
    {
        var domains = level is 1 or 10 ? 2u : 1u;
        var data = (ulong)(level switch { 0 => members, 5 => members - 1, _ => members / 2 });
        return new ImsmDev
        {
            Volume = Octets.Text(name, 16),
            Size = perMember * data,
            Status = 0xC,
            Misc = Octets.Zeros(8),
            VolumeId = id,
            NvCache = Octets.Zeros(8),
            RwhPolicy = RwhPolicy.MultipleOff,
            Tail = Octets.Zeros(29),
            CurrentMigrationUnit = 0,
            MigrationState = 0,
            MigrationType = MigrationType.Init,
            Dirty = 0,
            VolFiller = Octets.Zeros(12),
            Map = new ImsmMap
            {
                PbaOfLba0 = first,
                BlocksPerMember = perMember + 2048,
                NumDataStripes = perMember / domains / chunk,
                BlocksPerStrip = chunk,
                State = MapState.Normal,
                RaidLevel = (byte)(level == 10 ? members == 4 ? 1 : 10 : level),
                NumDomains = (byte)domains,
                FailedDisk = 0xFF,
                Ddf = 1,
                Filler = Octets.Zeros(16),
                Order = [.. Enumerable.Range(0, members).Select(slot => (uint)slot)],
            },
        };
    }

    private static ImsmDisk Disk(int disk, ImsmDiskStatus status) =>
        new(Octets.Text(Serial(disk), 16), DiskSectors, (uint)disk, status, 0, Octets.Zeros(12));
}
