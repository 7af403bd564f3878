using System.Buffers.Binary;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Tests.ImsmUpdates;

/// <summary>Updates as mdadm lays them out, built from what the C structs say and not by the product's code.</summary>
internal static class ImsmUpdateMessages
{
    public static byte[] ActivateSpare() => Words(0, 0, 0, 0, 0, 0, 0, 0);

    public static byte[] CreateArray(int index, ImsmDev dev, params string[] serials)
    {
        var bytes = new List<byte>(Words(1, index));
        bytes.AddRange(Dev(dev));
        foreach (var serial in serials)
        {
            bytes.AddRange(Octets.Text(serial, 16).Span);
        }

        return [.. bytes];
    }

    public static byte[] KillArray(int index) => Words(2, index);

    public static byte[] RenameArray(int index, string name) => [.. Words(3), .. Octets.Text(name, 16).Span, .. Words(index)];

    public static byte[] AddRemoveDisk() => Words(4);

    public static byte[] ReshapeContainer(int before, int after, params DeviceNumber[] devices) =>
        Words([5, before, after, .. devices.Select(Device)]);

    public static byte[] ReshapeMigration(int index, int level, int chunkKiB = -1, int before = 3, int after = 3, int device = -1) =>
        Words(6, before, after, index, level, 0, chunkKiB, device);

    public static byte[] Takeover(int index, int direction) => Words(7, index, direction);

    public static byte[] Checkpoint(ulong unit) => Words(8, unchecked((int)0xDEADBEEF), (int)(uint)unit, (int)(unit >> 32));

    public static byte[] SizeChange(int index, long size) => Words(9, index, unchecked((int)size), (int)(size >> 32));

    public static byte[] PreallocateBadBlocks() => Words(10);

    public static byte[] WriteHolePolicy(int index, int policy) => Words(11, policy, index);

    public static int Device(DeviceNumber device) =>
        (device.Minor & 0xFF) | ((device.Major & 0xFFF) << 8) | ((device.Minor & 0xFFF00) << 12);

    public static byte[] Words(params int[] words)
    {
        var bytes = new byte[4 * words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), words[i]);
        }

        return bytes;
    }

    private static byte[] Dev(ImsmDev dev) =>
    [
        .. dev.Volume.Span,
        .. Words((int)(uint)dev.Size, (int)(dev.Size >> 32), (int)dev.Status, (int)dev.ReservedBlocks),
        .. dev.Misc.Span,
        .. Half(dev.VolumeId),
        .. dev.NvCache.Span,
        (byte)dev.RwhPolicy,
        .. dev.Tail.Span,
        .. Words((int)(uint)dev.CurrentMigrationUnit, (int)dev.CheckpointId),
        dev.MigrationState, (byte)dev.MigrationType, dev.Dirty, dev.FsState,
        .. Half(dev.VerifyErrors), .. Half(dev.BadBlocks),
        .. Words((int)(dev.CurrentMigrationUnit >> 32)),
        .. dev.VolFiller.Span,
        .. Map(dev.Map),
        .. dev.SecondMap is null ? [] : Map(dev.SecondMap),
    ];

    private static byte[] Map(ImsmMap map) =>
    [
        .. Words((int)(uint)map.PbaOfLba0, (int)(uint)map.BlocksPerMember, (int)(uint)map.NumDataStripes),
        .. Half(map.BlocksPerStrip),
        (byte)map.State, map.RaidLevel, (byte)map.Order.Length, map.NumDomains, map.FailedDisk, map.Ddf,
        .. Words((int)(map.PbaOfLba0 >> 32), (int)(map.BlocksPerMember >> 32), (int)(map.NumDataStripes >> 32)),
        .. map.Filler.Span,
        .. Words([.. map.Order.Select(order => (int)order)]),
    ];

    private static byte[] Half(ushort value) => [(byte)value, (byte)(value >> 8)];
}
