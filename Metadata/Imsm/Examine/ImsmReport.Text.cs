using System.Globalization;
using System.Text;

namespace ActorRaid.Metadata.Imsm.Examine;

public sealed partial record ImsmReport
{
    private const int FieldWidth = 15;
    private const int RecordFieldWidth = 27;

    /// <summary>
    /// The report as text, line by line what mdadm -E 4.2 prints behind the disk's name, so that scripts which read that can read this.
    /// </summary>
    /// <param name="zone">The time zone of the creation time; the local one when not given.</param>
    public string ToText(TimeZoneInfo? zone = null)
    {
        var text = new StringBuilder();
        text.Append(Name).Append(":\n");
        if (Problem is not null)
            return text.Append("   ").Append(Problem).Append('\n').ToString();
        Field(text, "Magic", Magic);
        Field(text, "Version", Version);
        Field(text, "Orig Family", OriginalFamily);
        Field(text, "Family", Family);
        Field(text, "Generation", $"{Generation:x8}");
        Field(text, "Creation Time", Time(CreationTime, zone ?? TimeZoneInfo.Local));
        Field(text, "Attributes", UnsupportedAttributes is null ? "All supported" : $"not supported ({UnsupportedAttributes})");
        Field(text, "UUID", Uuid);
        Field(text, "Checksum", $"{Checksum} correct");
        Field(text, "MPB Sectors", $"{MetadataSectors}");
        Field(text, "Disks", $"{Disks.Length}");
        Field(text, "RAID Devices", $"{Volumes.Length}");
        if (Index >= 0)
            Write(text, Disks[Index]);
        if (BadBlockLog is { } log)
        {
            text.Append("\nBad Block Management Log:\n");
            Field(text, "Log Size", $"{log.LogSize}");
            Field(text, "Signature", log.Signature);
            Field(text, "Entry Count", $"{log.EntryCount}");
        }

        foreach (var volume in Volumes)
            Write(text, volume);
        foreach (var disk in Disks)
        {
            if (disk.Index != Index)
                Write(text, disk);
        }

        if (Spare is not null)
            Write(text, Spare);
        if (Migration is not null)
            Write(text, Migration);
        return text.ToString();
    }

    private static void Field(StringBuilder text, string name, string value) =>
        text.Append(name.PadLeft(FieldWidth)).Append(" : ").Append(value).Append('\n');

    private static void RecordField(StringBuilder text, string name, string value) =>
        text.Append(name.PadLeft(RecordFieldWidth)).Append(" : ").Append(value).Append('\n');

    private static string Now(string now, string? before) => before is null ? now : $"{now} <-- {before}";

    private void Write(StringBuilder text, DiskReport disk)
    {
        text.Append('\n');
        Field(text, disk.Index >= 0 ? $"Disk{disk.Index:00} Serial" : "Disk Serial", disk.Serial);
        text.Append("State".PadLeft(FieldWidth)).Append(" :");
        foreach (var word in disk.State)
            text.Append(' ').Append(word);
        text.Append('\n');
        Field(text, "Id", disk.Id);
        Field(text, "Usable Size", $"{disk.UsableSize}{HumanBytes(unchecked((long)disk.UsableBytes))}");
    }

    private void Write(StringBuilder text, VolumeReport volume)
    {
        var (map, previous) = (volume.Map, volume.Previous);
        text.Append("\n[").Append(volume.Name).Append("]:\n");
        Field(text, "Subarray", $"{volume.Subarray}");
        Field(text, "UUID", volume.Uuid);
        Field(text, "RAID Level", Now($"{map.Level}", previous?.Level.ToString(CultureInfo.InvariantCulture)));
        Field(text, "Members", Now($"{map.Members}", previous?.Members.ToString(CultureInfo.InvariantCulture)));
        Field(text, "Slots", Now($"[{map.Slots}]", previous is null ? null : $"[{previous.Slots}]"));
        Field(text, "Failed disk", volume.FailedDisk is { } failed ? $"{failed}" : "none");
        Field(text, "This Slot", volume.ThisSlot is { } slot ? $"{slot}{(volume.ThisSlotOutOfSync ? " (out-of-sync)" : "")}" : "?");
        Field(text, "Sector Size", $"{SectorSize}");
        Field(text, "Array Size", $"{volume.ArraySize}{HumanSize(volume.ArraySize)}");
        Field(text, "Per Dev Size", $"{volume.PerDeviceSize}{HumanSize(volume.PerDeviceSize)}");
        Field(text, "Sector Offset", $"{volume.SectorOffset}");
        Field(text, "Num Stripes", $"{volume.Stripes}");
        Field(text, "Chunk Size", Now($"{map.ChunkKiB} KiB", previous is null ? null : $"{previous.ChunkKiB} KiB"));
        Field(text, "Reserved", $"{volume.Reserved}");
        Field(text, "Migrate State", volume.MigrationState);
        Field(text, "Map State", Now(map.State, previous?.State));
        if (volume.Checkpoint is { } checkpoint)
            Field(text, "Checkpoint", $"{checkpoint} ({(volume.CheckpointUnit is { } unit ? $"{unit}" : "N/A")})");
        Field(text, "Dirty State", volume.DirtyState);
        Field(text, "RWH Policy", volume.RwhPolicy);
        Field(text, "Volume ID", $"{volume.VolumeId}");
    }

    private static void Write(StringBuilder text, MigrationReport migration)
    {
        text.Append("\nMigration Record Information:");
        if (migration.Record is not { } record)
        {
            text.Append(" Empty\n").Append(' ', 30).Append("Examine one of first two disks in array\n");
            return;
        }

        text.Append('\n');
        RecordField(text, "Status", record.ContainsData ? "Contains Data" : "Normal");
        RecordField(text, "Current Unit", $"{record.CurrentUnit}");
        RecordField(text, "Family", $"{record.Family}");
        RecordField(text, "Ascending", $"{record.Ascending}");
        RecordField(text, "Blocks Per Unit", $"{record.BlocksPerUnit}");
        RecordField(text, "Dest. Depth Per Unit", $"{record.DestinationDepthPerUnit}");
        RecordField(text, "Checkpoint Area pba", $"{record.CheckpointArea}");
        RecordField(text, "First member lba", $"{record.FirstMember}");
        RecordField(text, "Total Number of Units", $"{record.Units}");
        RecordField(text, "Size of volume", $"{record.VolumeSize}");
        RecordField(text, "Record was read from", $"{record.ReadFrom}");
    }

    /// <summary>A size as mdadm's human_size words it: with two decimals, in binary and decimal units; nothing below 5000 KiB.</summary>
    private string HumanSize(ulong sectors) => HumanBytes(unchecked((long)(sectors * (ulong)SectorSize)));

    private static string HumanBytes(long bytes) => bytes switch
    {
        < 5000 * 1024 => "",
        < 2L << 30 => Sizes(bytes, 1L << 20, 1_000_000, 'M'),
        < 2L << 40 => Sizes(bytes, 1L << 30, 1_000_000_000, 'G'),
        _ => Sizes(bytes, 1L << 40, 1_000_000_000_000, 'T'),
    };

    private static string Sizes(Int128 bytes, long binary, long tenfold, char letter)
    {
        var small = (long)(((bytes * 200 / binary) + 1) / 2);
        var large = (long)(((bytes / (tenfold / 200)) + 1) / 2);
        return $" ({small / 100}.{small % 100:00} {letter}iB {large / 100}.{large % 100:00} {letter}B)";
    }

    private static string Time(ulong seconds, TimeZoneInfo zone)
    {
        const ulong Year9999 = 253_402_214_400;
        if (seconds is 0 or > Year9999)
            return "Unknown";
        var time = TimeZoneInfo.ConvertTime(DateTimeOffset.FromUnixTimeSeconds((long)seconds), zone);
        return $"{time.ToString("ddd MMM", CultureInfo.InvariantCulture)} {time.Day,2} "
            + time.ToString("HH:mm:ss yyyy", CultureInfo.InvariantCulture);
    }
}
