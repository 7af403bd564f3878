using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using FsCheck;
using FsCheck.Fluent;

namespace ActorRaid.Tests.Commit;

/// <summary>How a disk takes part in a commit.</summary>
internal enum Role
{
    /// <summary>Several sectors change.</summary>
    Tears,

    /// <summary>One sector changes.</summary>
    Atomic,

    /// <summary>Nothing changes.</summary>
    HasIt,

    /// <summary>Several sectors change, and an earlier commit's write that can tear is under way.</summary>
    BusyTearing,

    /// <summary>One sector changes, and an earlier commit's write that cannot tear is under way.</summary>
    BusyAtomic,

    /// <summary>Several sectors change, and what the disk holds is not known.</summary>
    Doubtful,

    /// <summary>Failed: nothing goes there.</summary>
    Out,
}

/// <summary>Two models, and what each disk is to the commit between them.</summary>
internal sealed record Scenario(FakeContainer Before, FakeContainer After, ImmutableArray<Role> Roles)
{
    public static readonly int[] Levels = [0, 1, 5, 6, 10];

    public IEnumerable<VolumeInfo> Volumes => Before.Volumes.Concat(After.Volumes);

    public ImmutableArray<CommitTarget> Targets =>
        [.. Roles.Select((role, disk) => (role, disk)).Where(one => one.role != Role.Out).Select(one => Target(one.disk))];

    /// <summary>The disks that become members.</summary>
    public ImmutableArray<DeviceNumber> Joining =>
        [.. After.Disks.Where(disk => !disk.IsSpare && IsTarget(disk.Device)
            && Before.Disks.Any(old => old.Device == disk.Device && old.IsSpare)).Select(disk => disk.Device)];

    public bool IsTarget(DeviceNumber device) => Roles[device.Minor] != Role.Out;

    public CommitTarget Target(int disk) => Roles[disk] switch
    {
        Role.HasIt => new CommitTarget(FakeContainer.Disk(disk), [], CanTear: false),
        Role.Atomic or Role.BusyAtomic => new CommitTarget(FakeContainer.Disk(disk), [new SectorWrite(0, new byte[512])], CanTear: false),
        _ => new CommitTarget(FakeContainer.Disk(disk), [new SectorWrite(0, new byte[1024])], CanTear: true),
    };

    /// <summary>One volume, which some disks are lost to before and some after; a disk lost after gets no commit.</summary>
    public static Scenario Single(int level, int legs, int lostBefore, int lostAfter, Role role) =>
        new(
            FakeContainer.Of(FakeContainer.Volume(level, legs, Bits(lostBefore))),
            FakeContainer.Of(FakeContainer.Volume(level, legs, Bits(lostAfter))),
            [.. Enumerable.Range(0, legs).Select(disk => ((lostAfter >> disk) & 1) != 0 ? Role.Out : role)]);

    /// <summary>
    /// One or two volumes over up to eight disks and up to two spares; legs lost before or after; legs that are not there;
    /// legs being rebuilt, which do get the commit; volumes that appear or vanish.
    /// </summary>
    public static Gen<Scenario> Any() =>
        from disks in Gen.Choose(1, 8)
        from spares in Gen.Choose(0, 2)
        from levels in Gen.Elements(Levels).ArrayOf(2)
        from second in Gen.Choose(0, 4)
        from rotation in Gen.Choose(0, disks - 1)
        from before in Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true))).ArrayOf(disks)
        from after in Gen.Frequency((5, Gen.Constant(false)), (1, Gen.Constant(true))).ArrayOf(disks)
        from absent in Gen.Frequency((12, Gen.Constant(false)), (1, Gen.Constant(true))).ArrayOf(disks)
        from roles in Gen.Frequency(
            (8, Gen.Constant(Role.Tears)), (4, Gen.Constant(Role.Atomic)), (1, Gen.Constant(Role.HasIt)), (1, Gen.Constant(Role.Doubtful)),
            (1, Gen.Constant(Role.BusyTearing)), (1, Gen.Constant(Role.BusyAtomic)), (1, Gen.Constant(Role.Out))).ArrayOf(disks + spares)
        from spareBefore in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true))).ArrayOf(disks + spares)
        from spareAfter in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true))).ArrayOf(disks + spares)
        let first = Enumerable.Range(0, disks).ToArray()
        let turned = first.Select(disk => (disk + rotation) % disks).ToArray()
        let old = Model(first, turned, levels, second is 0 or 1 or 2, before, absent, spareBefore)
        let now = Model(first, turned, levels, second is 0 or 1 or 3, after, absent, spareAfter)
        select new Scenario(old, now, [.. roles.Select((role, disk) => disk < disks && absent[disk] ? Role.Out : role)]);

    public override string ToString() =>
        string.Join(
            '\n',
            Before.Volumes.Select(volume => "before " + Text(volume))
                .Concat(After.Volumes.Select(volume => "after " + Text(volume)))
                .Append(string.Join(' ', Roles.Select((role, disk) => $"{disk}:{role}")))
                .Append("spares " + Spares(Before) + " then " + Spares(After)));

    private static string Spares(FakeContainer model) =>
        $"[{string.Join(' ', model.Disks.Where(disk => disk.IsSpare).Select(disk => disk.Device.Minor))}]";

    private static FakeContainer Model(int[] first, int[] turned, int[] levels, bool hasSecond, bool[] lost, bool[] absent, bool[] spare)
    {
        var missing = first.Where(disk => lost[disk]).ToArray();
        var volumes = new List<VolumeInfo> { FakeContainer.Volume(0, levels[0], first, missing) };
        if (hasSecond)
        {
            volumes.Add(FakeContainer.Volume(1, levels[1], turned, missing));
        }

        return new FakeContainer([.. volumes.Select(volume => volume with
        {
            Legs = [.. volume.Legs.Select(leg => absent[leg.Device!.Value.Minor] ? leg with { Device = null } : leg)],
        })]).With([.. spare.Select((isSpare, disk) => (disk, isSpare))]);
    }

    private static int[] Bits(int mask) => [.. Enumerable.Range(0, 31).Where(bit => ((mask >> bit) & 1) != 0)];

    private static string Text(VolumeInfo volume) =>
        $"level {volume.Level}: "
        + string.Join(' ', volume.Legs.Select(leg => $"{leg.Device?.Minor.ToString() ?? "?"}{(leg.InSync ? "" : "-")}"));
}
