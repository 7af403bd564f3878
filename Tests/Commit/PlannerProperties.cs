using System.Numerics;
using ActorRaid.Metadata;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using Plan = ActorRaid.Metadata.Commit.Commit;

namespace ActorRaid.Tests.Commit;

/// <summary>The planner against brute force over every subset of disks, at every step of a commit.</summary>
public sealed class PlannerProperties
{
    private static readonly Gen<int[]> Schedule = Gen.Choose(0, 1 << 20).ArrayOf(120);

    public static TheoryData<int> Levels => [.. Scenario.Levels];

    [Fact]
    public void Both_rules_hold_at_every_step_of_every_schedule_with_failures_and_hangs() =>
        Prop.ForAll(Gen.Zip(Scenario.Any(), Schedule).ToArbitrary(), pair => new Run(pair.Item1).Go(pair.Item2, mayFail: true))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

    [Fact]
    public void Without_failures_every_schedule_ends_finished_and_recorded() =>
        Prop.ForAll(Gen.Zip(Scenario.Any(), Schedule).ToArbitrary(), pair =>
        {
            var run = new Run(pair.Item1);
            run.Go(pair.Item2, mayFail: false);
            Assert.True(run.Plan.IsFinished, run.ToString());
            Assert.True(run.Plan.IsRecorded, run.ToString());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Theory]
    [MemberData(nameof(Levels))]
    public void Both_rules_hold_for_every_size_and_every_set_of_disks_lost_before_and_after(int level)
    {
        var random = new Random(level);
        foreach (var (legs, before, after) in LostSets())
        {
            foreach (var role in new[] { Role.Tears, Role.Atomic })
            {
                var run = new Run(Scenario.Single(level, legs, before, after, role));
                run.Go(Enumerable.Range(0, 60).Select(_ => random.Next()), mayFail: false);
                Assert.True(run.Plan.IsFinished && run.Plan.IsRecorded, run.ToString());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void The_disks_started_first_are_a_smallest_quorum(int level)
    {
        foreach (var (legs, before, after) in LostSets())
        {
            var scenario = Scenario.Single(level, legs, before, after, Role.Atomic);
            var plan = Plan.Begin(scenario.Before, scenario.After, scenario.Targets);
            var startable = plan.Startable.Select(target => target.Device).ToList();
            var smallest = Enumerable.Range(0, Oracle.All(legs) + 1)
                .Where(set => (set & after) == 0 && (set != 0 || startable.Count == 0)
                    && scenario.Volumes.All(volume => Oracle.Knows(volume, disk => ((set >> disk.Minor) & 1) != 0, scenario.IsTarget)))
                .Min(set => BitOperations.PopCount((uint)set));
            var first = startable.Take(smallest).ToHashSet();
            Assert.True(
                scenario.Volumes.All(volume => Oracle.Knows(volume, first.Contains, scenario.IsTarget)),
                $"{scenario}\nstarts {string.Join(' ', startable)}, needs {smallest}");
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void A_disk_that_hangs_from_the_start_prevents_recording_only_where_the_others_are_no_quorum(int level)
    {
        foreach (var (legs, before, after) in LostSets(most: 1))
        {
            foreach (var role in new[] { Role.Tears, Role.Atomic })
            {
                for (var hanging = 0; hanging < legs; hanging++)
                {
                    var scenario = Scenario.Single(level, legs, before, after, role);
                    var run = new Run(scenario);
                    Hang(run, FakeContainer.Disk(hanging));
                    var others = scenario.Targets.Select(target => target.Device).Where(disk => disk.Minor != hanging).ToHashSet();
                    var enough = (others.Count > 0 || scenario.Targets.IsEmpty)
                        && scenario.Volumes.All(volume => Oracle.Knows(volume, others.Contains, scenario.IsTarget));
                    Assert.True(enough == run.Plan.IsRecorded, $"disk {hanging} hangs\n{run}");
                }
            }
        }
    }

    [Fact]
    public void A_hung_disk_that_cannot_tear_need_not_be_called_hung()
    {
        foreach (var (legs, before, after) in LostSets())
        {
            var scenario = Scenario.Single(5, legs, before, after, Role.Atomic);
            var run = new Run(scenario);
            run.StartAll();
            foreach (var disk in run.Plan.InFlight.Skip(1))
            {
                run.Finish(disk);
            }

            Assert.Equal(run.IsRecordedByBruteForce, run.Plan.IsRecorded);
            Assert.True(run.Plan.Startable.IsEmpty);
        }
    }

    /// <summary>Completes everything but one disk, which is called hung as soon as it is in flight.</summary>
    private static void Hang(Run run, DeviceNumber hanging)
    {
        for (var more = true; more;)
        {
            run.StartAll();
            var inFlight = run.Plan.InFlight;
            if (inFlight.Contains(hanging))
            {
                run.Hang(hanging);
            }

            foreach (var disk in inFlight.Where(disk => disk != hanging))
            {
                run.Finish(disk);
            }

            more = inFlight.Any(disk => disk != hanging) || !run.Plan.Startable.IsEmpty;
        }
    }

    /// <summary>
    /// For one to eight legs: every set lost before, with the same set, one disk more and one disk less lost after; with more
    /// than four legs only sets of up to <paramref name="most"/>.
    /// </summary>
    private static IEnumerable<(int Legs, int Before, int After)> LostSets(int most = 3)
    {
        for (var legs = 1; legs <= 8; legs++)
        {
            for (var before = 0; before <= Oracle.All(legs); before++)
            {
                if (legs > 4 && BitOperations.PopCount((uint)before) > most)
                {
                    continue;
                }

                yield return (legs, before, before);
                for (var disk = 0; disk < legs; disk++)
                {
                    yield return (legs, before, before ^ (1 << disk));
                }
            }
        }
    }
}
