using System.Collections.Immutable;
using System.Text.RegularExpressions;
using ActorRaid.Actors;
using ActorRaid.Host.Status;
using ActorRaid.Reporting;
using Xunit;

namespace ActorRaid.Tests.Statuses;

/// <summary>What is explained, and what is advised: never what can cost data.</summary>
public sealed partial class ExplanationTests
{
    private static readonly string[] Actions = ["idle", "recover", "resync", "reshape", "frozen"];
    private static readonly string[] States = ["clean", "active", "readonly", "read-auto", "broken", "inactive", ""];
    private static readonly string[] Conditions = ["", "frozen", "pending", "reshape"];
    private static readonly string[] Roles = ["member", "spare", "failed", "unknown"];

    /// <summary>The volume beside it: none, or whole, degraded, failed, failed and not running, not known.</summary>
    private static readonly string[] Others = ["none", "ok", "degraded", "failed", "missing", "unknown"];

    [Fact]
    public void No_command_is_advised_that_could_cost_data()
    {
        var advised = new Dictionary<string, int>();
        foreach (var level in new[] { "raid0", "raid1", "raid5", "raid10" })
        foreach (var missing in new[] { 0, 1, 2 })
        foreach (var action in Actions)
        foreach (var state in States)
        foreach (var condition in Conditions)
        foreach (var role in Roles)
        foreach (var leg in new[] { "in_sync", "faulty", "none" })
        foreach (var unreadable in new[] { false, true })
        foreach (var other in Others)
        foreach (var spare in new[] { false, true })
        {
            // sdd is the disk that is not as the others; RAID 10 of four legs may be short of two.
            var failed = state == "broken" || missing > (level switch { "raid0" => 0, "raid10" => 2, _ => 1 });
            var array = Array("md126", "vol0", level, state, action, missing, failed ? Health.Failed : state is "" ? Health.Unknown : state is "inactive" ? Health.Inactive : missing > 0 ? Health.Degraded : Health.Ok, condition) with
            {
                Legs = [Leg(0, "sda", "in_sync"), .. leg == "none" ? [] : new[] { Leg(1, "sdd", leg) }],
            };
            ImmutableArray<ArrayStatus> beside = other switch
            {
                "none" => [],
                "ok" => [Array("md125", "vol1", "raid1", "clean", "idle", 0, Health.Ok)],
                "degraded" => [Array("md125", "vol1", "raid1", "clean", "idle", 1, Health.Degraded)],
                "failed" => [Array("md125", "vol1", "raid0", "broken", "idle", 1, Health.Failed)],
                "missing" => [Array("", "vol1", "raid0", "", "idle", 1, Health.Failed)],
                _ => [Array("md125", "vol1", "raid1", "", "idle", 0, Health.Unknown)],
            };
            var odd = Disk("sdd", role) with { Unreadable = unreadable ? "sdd cannot be read: EIO" : null };
            var container = new ContainerStatus(
                "md127", "imsm", 1, Health.Ok, null, null, [array, .. beside], [Disk("sda", "member"), odd, .. spare ? [Disk("sde", "spare")] : System.Array.Empty<DiskStatus>()]);
            var hasData = !failed && state is not ("" or "inactive" or "broken") && other is not ("failed" or "missing" or "unknown");
            var reshaped = action == "reshape" || condition == "reshape";
            foreach (var command in Commands(container))
            {
                var where = $"{command} is advised where {level} is {array.Health}, {state}, {action}, {condition}, {missing} missing, sdd {role}, {leg}, beside {other}";
                Assert.True(command switch
                {
                    "mdadm --remove /dev/md127 /dev/sdd" => hasData && leg == "none" && (role == "failed" || unreadable),
                    "mdadm --add /dev/md127 DISK" => hasData && !reshaped && !spare && (missing > 0 || other == "degraded"),
                    "mdadm --readwrite /dev/md126" => hasData && !reshaped && state == "readonly" && action == "idle",
                    "mdadm --grow --continue /dev/md126" => hasData && action == "reshape",
                    "mdadm -I /dev/md127" => !failed && state == "inactive" && missing == 0 && other is not ("failed" or "missing"),
                    _ => false,
                }, where);
                advised[command] = advised.GetValueOrDefault(command) + 1;
            }
        }
        // Each of them is right somewhere.
        Assert.Equal(5, advised.Count);
    }

    [Fact]
    public void A_failed_array_is_to_be_left_as_it_is()
    {
        var failed = Sample.Map(Sample.Container with
        {
            Arrays = [Sample.Array.WithLeg(0, LegFlags.Faulty).WithLeg(1, LegFlags.Faulty)],
            Disks = [.. Sample.Container.Disks.Select((disk, number) => disk with { IsFailed = number < 2 })],
        });
        var said = string.Join('\n', Said(failed, "md126"));
        Assert.Contains("2 of 3 legs are missing", said, StringComparison.Ordinal);
        Assert.Contains("take none out, add none, force nothing", said, StringComparison.Ordinal);
        Assert.DoesNotContain("mdadm", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_a_disk_and_an_array_are_each_explained_as_what_they_are()
    {
        var status = Sample.Map(Sample.Array.WithLeg(1, LegFlags.Faulty));
        Assert.StartsWith("md127 is a container (imsm, generation 18) and DEGRADED: 1 array, 4 disks.", Said(status, "md127")[0], StringComparison.Ordinal);
        Assert.Contains(Said(status, "md127"), sentence => sentence.StartsWith("md126 (\"vol0\") is DEGRADED, 2 of 3 legs", StringComparison.Ordinal));
        Assert.StartsWith("sda (serial SERIAL0) is a disk of md127, a member by its metadata", Said(status, "sda")[0], StringComparison.Ordinal);
        Assert.Contains("md126 is short of a leg already: without sda its data may be gone.", Said(status, "sda"));
        Assert.Contains("No array uses it: it waits to replace one that fails.", Said(status, "sdd"));
        Assert.StartsWith("md126 (\"vol0\") is DEGRADED", Said(status, "vol0")[0], StringComparison.Ordinal);
        Assert.Contains(Said(status, "vol0"), sentence => sentence.Contains("There is a spare (sdd)", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"(mdadm|echo|wipefs|dd|dmsetup) (--?[^;:.,()]*)")]
    private static partial Regex Command();

    private static IEnumerable<string> Commands(ContainerStatus container)
    {
        var status = new HostStatus(1, "host", Sample.Then, "1", 1, Sample.Then, Health.Ok, "", 0, [container]);
        NamedThing[] things = [new(container), .. container.Arrays.Select(array => new NamedThing(container, array)), .. container.Disks.Select(disk => new NamedThing(container, Disk: disk))];
        return things.SelectMany(thing => Explanation.Of(status, thing, [])).SelectMany(sentence => Command().Matches(sentence))
            .Select(match => match.Value.Split(" gives ")[0].Split(" takes ")[0].Split(" lets ")[0].Split(" goes ")[0].Split(" starts ")[0].Trim())
            .Where(command => !command.StartsWith("mdadm --grow runs", StringComparison.Ordinal)).Distinct();
    }

    private static List<string> Said(HostStatus status, string name) => [.. Explanation.Of(status, Assert.Single(NameLookup.Find(status, name)), [])];

    private static ArrayStatus Array(string name, string volume, string level, string state, string action, int missing, Health health, string condition = "") => new(
        name, 0, volume, level, 1 << 20, 0, health, state, action, null, null, false, level == "raid10" ? 4 : 3, missing, null, [], Sample.Then,
        condition is "" ? null : [condition]);

    private static LegStatus Leg(int slot, string disk, string state) => new(slot, disk, [state]);

    private static DiskStatus Disk(string name, string role) => new(name, "8:0", $"SERIAL {name}", 1 << 20, role, false, Sample.Then);
}
