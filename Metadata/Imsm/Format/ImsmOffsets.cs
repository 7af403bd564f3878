namespace ActorRaid.Metadata.Imsm.Format;

/// <summary>
/// Where things lie, in bytes. Everything is little-endian and unaligned-safe. Facts from upstream's struct imsm_super,
/// imsm_disk, imsm_dev, imsm_vol, imsm_map, bbm_log and migr_record (super-intel.c).
/// </summary>
internal static class ImsmOffsets
{
    public const string Magic = "Intel Raid ISM Cfg Sig. ";

    public const int SignatureLength = 32;
    public const int SerialLength = 16;

    public const int Checksum = 0x20;
    public const int Size = 0x24;
    public const int Family = 0x28;
    public const int Generation = 0x2C;
    public const int ErrorLogSize = 0x30;
    public const int Attributes = 0x34;
    public const int DiskCount = 0x38;
    public const int DevCount = 0x39;
    public const int ErrorLogPosition = 0x3A;
    public const int Fill = 0x3B;
    public const int CacheSize = 0x3C;
    public const int OriginalFamily = 0x40;
    public const int PowerCycles = 0x44;
    public const int BadBlockLogSize = 0x48;
    public const int VolumesCreated = 0x4C;
    public const int Filler1 = 0x4E;
    public const int CreationTime = 0x50;
    public const int Filler = 0x58;
    public const int FillerLength = 128;
    public const int Disks = 0xD8;

    /// <summary>Within a disk's entry.</summary>
    public static class Disk
    {
        public const int Length = 48;
        public const int BlocksLow = 16;
        public const int ScsiId = 20;
        public const int Status = 24;
        public const int Owner = 28;
        public const int BlocksHigh = 32;
        public const int Filler = 36;
        public const int FillerLength = 12;
    }

    /// <summary>Within a device; the volume's part (struct imsm_vol) begins at 80.</summary>
    public static class Dev
    {
        public const int SizeLow = 16;
        public const int SizeHigh = 20;
        public const int Status = 24;
        public const int Reserved = 28;
        public const int Misc = 32;
        public const int MiscLength = 8;
        public const int VolumeId = 40;
        public const int NvCache = 42;
        public const int NvCacheLength = 8;
        public const int RwhPolicy = 50;
        public const int Tail = 51;
        public const int TailLength = 29;
        public const int UnitLow = 80;
        public const int CheckpointId = 84;
        public const int MigrationState = 88;
        public const int MigrationType = 89;
        public const int Dirty = 90;
        public const int FsState = 91;
        public const int VerifyErrors = 92;
        public const int BadBlocks = 94;
        public const int UnitHigh = 96;
        public const int VolFiller = 100;
        public const int VolFillerLength = 12;
        public const int Map = 112;
    }

    /// <summary>Within a map; the order table of 4 bytes for each member follows at 48.</summary>
    public static class Map
    {
        public const int FirstLow = 0;
        public const int BlocksLow = 4;
        public const int StripesLow = 8;
        public const int Strip = 12;
        public const int State = 14;
        public const int Level = 15;
        public const int Members = 16;
        public const int Domains = 17;
        public const int FailedDisk = 18;
        public const int Ddf = 19;
        public const int FirstHigh = 20;
        public const int BlocksHigh = 24;
        public const int StripesHigh = 28;
        public const int Filler = 32;
        public const int FillerLength = 16;
        public const int Order = 48;
    }

    /// <summary>The bad-block log: signature, count, then 8 bytes for each entry, at the very end of the metadata.</summary>
    public static class BadBlockLog
    {
        public const uint Signature = 0xABADB10C;
        public const int Count = 4;
        public const int Entries = 8;
        public const int EntryLength = 8;
        public const int MaxEntries = 254;
        public const int MaxCount = 256;
    }
}
