using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;

namespace ActorRaid.Tests.ImsmUpdates;

/// <summary>
/// A container in the simplest terms: volumes with the disks in their slots by name, changed in place. It chooses updates
/// that must be taken, foretells what they do, and is compared with the real model.
/// </summary>
internal sealed class SecondModel
{
    public const int Disks = 10;
    private const long MiB = 2048;
    private const long DiskSectors = 1L << 24;
    private readonly List<Volume> _volumes = [];
    private readonly List<string?> _table = [];
    private int _names;

    private sealed class Volume
    {
        public required string Name;
        public required int Level;
        public required List<string?> Slots;
        public required long First;
        public required long PerMember;
        public required int Chunk;
        public int Policy = 5;
        public bool Migrates;
        public ulong Unit;
        public List<string?> OldSlots = [];

        public int Data => Level switch { 0 => Slots.Count, 5 => Slots.Count - 1, _ => Slots.Count / 2 };
    }

    public static ImsmContainer Empty()
    {
        var container = Sample.Container(0, Disks);
        return container with
        {
            Present = [.. container.Present.Select(disk => disk with
            {
                Sectors = (ulong)DiskSectors, Disk = disk.Disk with { TotalBlocks = (ulong)DiskSectors },
            })],
        };
    }

    /// <summary>An update that the container must take, with this model already changed; null when the choice is impossible now.</summary>
    public byte[]? Choose(int what, int a, int b, int c) => what switch
    {
        0 or 1 => Create(a, b, c),
        2 => Kill(a),
        3 => Rename(a),
        4 => Policy(a, b),
        5 => Grow(b),
        6 => Migrate(a, b, c),
        7 => Takeover(),
        8 => Checkpoint(b),
        9 => Resize(a, b),
        10 => b % 2 == 0 ? ImsmUpdateMessages.AddRemoveDisk() : ImsmUpdateMessages.PreallocateBadBlocks(),
        _ => null,
    };

    /// <summary>Migrations come to their end in both models.</summary>
    public ImsmContainer Finish(ImsmContainer container)
    {
        foreach (var volume in _volumes.Where(volume => volume.Migrates))
        {
            (volume.Migrates, volume.Unit, volume.OldSlots) = (false, 0, []);
        }

        return container with
        {
            Super = container.Super with
            {
                Devs = [.. container.Super.Devs.Select(dev => dev with
                {
                    MigrationState = 0, MigrationType = MigrationType.Init, CurrentMigrationUnit = 0, SecondMap = null,
                })],
            },
        };
    }

    /// <summary>Both models say the same.</summary>
    public void Agrees(ImsmContainer container)
    {
        var super = container.Super;
        string? At(uint order) => (order & (1 << 24)) != 0 ? null : super.Disks[(int)(order & 0xFFFFFF)].Serial.ToString();

        Assert.Equal(_table.Select(disk => disk ?? "lost"), super.Disks.Select(disk =>
            disk.Status.HasFlag(ImsmDiskStatus.Failed) ? "lost" : disk.Serial.ToString()));
        Assert.Equal(
            Enumerable.Range(0, Disks).Select(disk => _table.IndexOf(Sample.Serial(disk))), container.Present.Select(disk => disk.Index));
        Assert.Equal(_volumes.Select(volume => volume.Name), super.Devs.Select(dev => dev.Volume.ToString()));
        foreach (var (volume, dev) in _volumes.Zip(super.Devs))
        {
            var level = dev.Map.RaidLevel == 1 && dev.Map.Order.Length != 2 ? 10 : dev.Map.RaidLevel;
            Assert.Equal(volume.Level, level);
            Assert.Equal(volume.Slots, dev.Map.Order.Select(At));
            Assert.Equal(volume.OldSlots, dev.SecondMap?.Order.Select(At) ?? []);
            Assert.Equal(volume.Policy, (int)dev.RwhPolicy);
            Assert.Equal(volume.Migrates, dev.MigrationState != 0);
            Assert.Equal(volume.Unit, dev.CurrentMigrationUnit);
            Assert.Equal((ulong)volume.First, dev.Map.PbaOfLba0);
            Assert.Equal(volume.Chunk, dev.Map.BlocksPerStrip);
            Assert.Equal((ulong)(volume.PerMember * volume.Data), dev.Size);
            Assert.Equal(
                (ulong)volume.PerMember, dev.Map.NumDataStripes * dev.Map.BlocksPerStrip * (volume.Level is 1 or 10 ? 2u : 1u));
            Assert.Equal((ulong)volume.PerMember + 2048, dev.Map.BlocksPerMember);
        }
    }

    private byte[]? Create(int a, int b, int c)
    {
        if (_volumes.Count == 5 || _volumes.Any(volume => volume.Migrates))
        {
            return null;
        }

        var level = new[] { 0, 1, 5, 10, 0 }[a % 5];
        var count = level switch { 1 => 2, 5 => 3 + (b % 3), 10 => 4 + (2 * (b % 2)), _ => 2 + (b % 3) };
        var skip = _volumes.Count == 0 ? c % 3 : 0;
        var slots = Enumerable.Range(0, Disks).Select(Sample.Serial).Skip(skip)
            .OrderBy(disk => _table.Contains(disk) ? 0 : 1).Take(count).ToList();
        if (c % 2 == 0)
        {
            slots.Reverse();
        }

        var first = _volumes.Count == 0 ? MiB : _volumes.Max(volume => volume.First + volume.PerMember) + (4 * MiB);
        var made = new Volume
        {
            Name = $"v{_names++}", Level = level, Slots = [.. slots], First = first, PerMember = (8 + (c % 5)) * MiB,
            Chunk = 128 << (b % 2),
        };
        foreach (var disk in slots.Where(disk => !_table.Contains(disk)))
        {
            _table.Add(disk);
        }

        _volumes.Add(made);
        var dev = Sample.Volume(made.Name, level, count, (ulong)made.PerMember, (ulong)first, (ushort)made.Chunk);
        return ImsmUpdateMessages.CreateArray(_volumes.Count - 1, dev, [.. slots]);
    }

    private byte[]? Kill(int a)
    {
        if (_volumes.Count < 2)
        {
            return null;
        }

        var index = a % _volumes.Count;
        _volumes.RemoveAt(index);
        return ImsmUpdateMessages.KillArray(index);
    }

    private byte[]? Rename(int a)
    {
        if (_volumes.Count == 0)
        {
            return null;
        }

        var index = a % _volumes.Count;
        _volumes[index].Name = $"v{_names++}";
        return ImsmUpdateMessages.RenameArray(index, _volumes[index].Name);
    }

    private byte[]? Policy(int a, int b)
    {
        if (_volumes.Count == 0)
        {
            return null;
        }

        var index = a % _volumes.Count;
        _volumes[index].Policy = b % 7;
        return ImsmUpdateMessages.WriteHolePolicy(index, b % 7);
    }

    private byte[]? Grow(int b)
    {
        var before = _table.Count;
        var spares = Enumerable.Range(0, Disks).Where(disk => !_table.Contains(Sample.Serial(disk))).ToArray();
        if (_volumes.Count == 0 || spares.Length == 0
            || _volumes.Any(volume => volume.Migrates || volume.Level is not (0 or 5) || volume.Slots.Count != before))
        {
            return null;
        }

        var joining = spares.Take(1 + (b % spares.Length)).Reverse().ToArray();
        var grown = _volumes[0];
        grown.OldSlots = [.. grown.Slots];
        grown.Slots.AddRange(joining.Select(Sample.Serial));
        grown.Migrates = true;
        _table.AddRange(joining.Select(Sample.Serial));
        return ImsmUpdateMessages.ReshapeContainer(before, before + joining.Length, [.. joining.Select(Sample.Device)]);
    }

    private byte[]? Migrate(int a, int b, int c)
    {
        if (_volumes.Count == 0)
        {
            return null;
        }

        var index = a % _volumes.Count;
        var volume = _volumes[index];
        if (volume.Migrates || volume.Level is not (0 or 5))
        {
            return null;
        }

        var old = volume.Slots.ToList();
        var spare = Enumerable.Range(0, Disks).Select(Sample.Serial).LastOrDefault(disk => !_table.Contains(disk));
        if (volume.Level == 0 && c % 2 == 0 && spare is not null && volume.Slots.Count == _table.Count && Straight(volume))
        {
            volume.Level = 5;
            volume.Slots.Add(spare);
            _table.Add(spare);
        }

        volume.Chunk = 64 << (b % 3);
        (volume.Migrates, volume.OldSlots) = (true, old);
        return ImsmUpdateMessages.ReshapeMigration(index, volume.Level, volume.Chunk / 2);
    }

    private byte[]? Takeover()
    {
        if (_volumes is not [{ Migrates: false } volume] || volume.Slots.Count != _table.Count)
        {
            return null;
        }

        if (volume.Level == 0 && volume.Slots.Count is >= 2 and <= 5 && volume.Slots.All(disk => disk is not null))
        {
            volume.Level = 10;
            volume.Slots = [.. volume.Slots.SelectMany(disk => new[] { disk, null })];
            _table.Clear();
            _table.AddRange(volume.Slots);
            return ImsmUpdateMessages.Takeover(0, 1);
        }

        if (volume.Level is 10 && volume.Slots.Count(disk => disk is null) * 2 == volume.Slots.Count)
        {
            volume.Level = 0;
            volume.Slots.RemoveAll(disk => disk is null);
            _table.RemoveAll(disk => disk is null);
            return ImsmUpdateMessages.Takeover(0, 0);
        }

        return null;
    }

    private byte[]? Checkpoint(int b)
    {
        var migrating = _volumes.Where(volume => volume.Migrates).ToArray();
        if (migrating.Length == 0)
        {
            return null;
        }

        foreach (var volume in migrating)
        {
            volume.Unit = (ulong)b << 20;
        }

        return ImsmUpdateMessages.Checkpoint((ulong)b << 20);
    }

    private byte[]? Resize(int a, int b)
    {
        if (_volumes.Count == 0 || _volumes[^1].Migrates || _volumes[^1].PerMember > 64 * MiB)
        {
            return null;
        }

        var volume = _volumes[^1];
        volume.PerMember = (volume.PerMember / MiB + (b % 4)) * MiB;
        return ImsmUpdateMessages.SizeChange(_volumes.Count - 1, volume.PerMember * volume.Data);
    }

    private bool Straight(Volume volume) => volume.Slots.All(disk => disk is not null);
}
