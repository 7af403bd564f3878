using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Tests.ImsmFormat;
using ActorRaid.Tests.ImsmUpdates;
using Xunit;

namespace ActorRaid.Tests.ImsmRules;

/// <summary>Metadata with a right checksum and odd content.</summary>
public class OddContentTests
{
    private static readonly Dictionary<string, Func<ImsmSuper, ImsmSuper>> Odd = new()
    {
        ["has slot 1 and slot 2"] = Map(map => Slot(map, 2, map.Order[1])),
        ["slot 0 has disk 9 of a table of 3"] = Map(map => Slot(map, 0, 9)),
        ["RAID level 5 with 0 members"] = Map(map => map with { Order = [] }),
        ["RAID level 1 with 3 members"] = Map(map => map with { RaidLevel = 1 }),
        ["RAID level 6 with 3 members"] = Map(map => map with { RaidLevel = 6 }),
        ["a chunk of no sectors"] = Map(map => map with { BlocksPerStrip = 0 }),
        ["of each member"] = Map(map => map with { NumDataStripes = ulong.MaxValue / 8 }),
        ["sectors 18446744073709551615"] = Map(map => map with { PbaOfLba0 = ulong.MaxValue }),
        ["a size of 18446744073709551615 sectors"] = Dev(dev => dev with { Size = ulong.MaxValue }),
        ["(Rebuild) leads from 2 to 3"] = Dev(dev => Migrating(dev, MigrationType.Rebuild, dev.Map with { Order = dev.Map.Order[..2] })),
        ["(Rebuild) leads from slot 0 to slot 1"] = Dev(dev =>
            Migrating(dev, MigrationType.Rebuild, dev.Map with { Order = [dev.Map.Order[1], dev.Map.Order[0], dev.Map.Order[2]] })),
        ["before its migration, RAID level 5 with 0"] = Dev(dev => Migrating(dev, MigrationType.Init, dev.Map with { Order = [] })),
        ["(GeneralMigration) leads from 3 to 2"] = Dev(dev =>
            Migrating(dev, MigrationType.GeneralMigration, dev.Map) with { Map = dev.Map with { Order = dev.Map.Order[..2] } }),
        ["unknown kind of migration 9"] = Dev(dev => Migrating(dev, (MigrationType)9, dev.Map)),
        ["which is a spare"] = super => super with
        {
            Disks = super.Disks.SetItem(1, super.Disks[1] with { Status = ImsmDiskStatus.Spare }),
        },
        ["disk /dev/loop0 is in the table twice"] = super => super with
        {
            Disks = [.. super.Disks.Select(disk => disk with { Serial = Octets.Text("/dev/loop0", 16) })],
        },
    };

    public static TheoryData<string> Reasons => [.. Odd.Keys];

    [Theory]
    [MemberData(nameof(Reasons))]
    public void What_cannot_be_is_refused_with_the_reason(string reason)
    {
        var disks = Fixtures.Disks("raid5");
        ImmutableArray<DiskSource> odd = [.. disks.Select(disk => disk.Name == "loop2" ? disk : LoadTests.Rewritten(disk, Odd[reason]))];
        var (container, verdicts, refusal) = ImsmLoader.Load([.. odd.Where(disk => disk.Name != "loop2")]);
        Assert.Null(container);
        Assert.Contains(reason, refusal);
        Assert.All(verdicts, verdict => Assert.Equal(DiskStanding.Broken, verdict.Standing));

        // On one disk alone it costs that disk, and the others' copies are not written over it.
        var one = disks.SetItem(0, odd[0]);
        Assert.Equal("r5", Assert.Single(ImsmLoader.Load(one).Container!.Volumes).Name);
        Assert.False(TornDisks.IsTorn(odd[0]));
        Assert.Equal(RepairDecision.Refuse, RepairPlan.For(one).Steps[0].Decision);
    }

    [Fact]
    public void Bad_blocks_of_no_disk_are_not_the_next_disks()
    {
        var disks = Fixtures.Disks("raid5").Select(disk => disk.Name == "loop2" ? disk : LoadTests.Rewritten(disk, super =>
            super with { BadBlocks = [new BbmLogEntry(8, 3, 4096), new BbmLogEntry(8, 1, 4096)] }));
        Assert.Equal([new BbmLogEntry(8, 1, 4096)], ImsmLoader.Load([.. disks]).Container!.Super.BadBlocks.AsEnumerable());
    }

    [Fact]
    public void Metadata_that_may_outgrow_its_limit_is_refused()
    {
        var super = Sample.Container(2, 0, Sample.Volume("vol0", 1, 2)).Super;
        Assert.Null(OddContent.In(super with { Rest = Octets.Zeros(30_000) }));
        Assert.Contains("no room", OddContent.In(super with { Rest = Octets.Zeros(40_000) }));
    }

    [Fact]
    public void An_update_that_would_come_to_what_cannot_be_loaded_is_refused()
    {
        var large = Sample.Volume("vol0", 1, 2) with { Size = 1ul << 60 };
        Sample.Container(0, 2).Refuses(ImsmUpdateMessages.CreateArray(0, large, Sample.Serial(0), Sample.Serial(1)), "a size of");
    }

    /// <summary>
    /// A soak run (ACTORRAID_SOAK=1) tries ten million. Each input follows from the seed and its number, which a
    /// failure tells: ACTORRAID_FUZZ_SEED=S ACTORRAID_FUZZ_INPUT=N ACTORRAID_FUZZ_COUNT=1 tries that one again.
    /// </summary>
    [Fact]
    public void Whatever_metadata_says_it_is_refused_with_the_reason_or_everything_can_be_done_to_it()
    {
        var soak = Environment.GetEnvironmentVariable("ACTORRAID_SOAK") == "1";
        var seed = Number("ACTORRAID_FUZZ_SEED") ?? Random.Shared.Next();
        var first = Number("ACTORRAID_FUZZ_INPUT") ?? 0;
        var count = Number("ACTORRAID_FUZZ_COUNT") ?? (soak ? 10_000_000 : 10_000);
        var containers = new OddContainers();
        var loaded = 0;
        for (var input = first; input < first + count; input++)
        {
            var random = new Random((seed * 31) ^ (input * 1_000_003));
            try
            {
                loaded += OddLife.Of(containers.Next(random), random) ? 1 : 0;
            }
            catch (Exception problem)
            {
                Assert.Fail($"ACTORRAID_FUZZ_SEED={seed} ACTORRAID_FUZZ_INPUT={input}: {problem}");
            }
        }

        Assert.True(count < 10_000 || (loaded > count / 5 && loaded < count * 4 / 5), $"{loaded} of {count} inputs were a container");
    }

    private static Func<ImsmSuper, ImsmSuper> Dev(Func<ImsmDev, ImsmDev> change) =>
        super => super with { Devs = super.Devs.SetItem(0, change(super.Devs[0])), Attributes = super.Attributes | ImsmAttributes.Disk2TB };

    private static Func<ImsmSuper, ImsmSuper> Map(Func<ImsmMap, ImsmMap> change) => Dev(dev => dev with { Map = change(dev.Map) });

    private static ImsmMap Slot(ImsmMap map, int slot, uint entry) => map with { Order = map.Order.SetItem(slot, entry) };

    private static ImsmDev Migrating(ImsmDev dev, MigrationType kind, ImsmMap second) =>
        dev with { MigrationState = 1, MigrationType = kind, SecondMap = second };

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text) : null;
}
