using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Tests.ImsmRules;
using Xunit;
using static ActorRaid.Tests.ImsmRules.Build;

namespace ActorRaid.Tests.Commit;

/// <summary>
/// What is repaired without asking anybody, as the initramfs does it: containers live at random, their disks fail,
/// leave and come back, and the power goes at every moment; then any of the disks are there.
/// </summary>
public sealed class AutomaticRepairTests
{
    private const int Steps = 14;

    public static TheoryData<int, int, int> Lives
    {
        get
        {
            var lives = new TheoryData<int, int, int>();
            var seeds = Environment.GetEnvironmentVariable("ACTORRAID_SOAK") == "1" ? 60 : 3;
            foreach (var (level, disks) in new[] { (1, 2), (5, 3), (5, 4), (10, 4) })
            {
                for (var seed = 0; seed < seeds; seed++)
                {
                    lives.Add(level, disks, seed);
                }
            }

            return lives;
        }
    }

    [Theory]
    [MemberData(nameof(Lives))]
    public void A_torn_disk_that_went_on_alone_is_never_written_over_and_that_of_a_whole_array_always_is(int level, int disks, int seed)
    {
        var model = Container(disks, spares: 1).Volume(level, disks).Volume(level, disks);
        var rig = new CrashRig(model, Enumerable.Range(0, disks + 1).Select(disk => Source(disk)), atomicBytes: 512, seed);
        rig.Format();
        var life = new Life(rig, level, new Random(seed));
        for (var step = 0; step < Steps; step++)
        {
            life.Step();
        }

        Assert.True(life.Repaired > 0 || life.Torn == 0, $"none of {life.Torn} torn states was repaired");
    }

    /// <summary>One container's life, and what has to hold whenever the power goes.</summary>
    private sealed class Life
    {
        private readonly CrashRig _rig;
        private readonly int _level;
        private readonly Random _random;
        private readonly List<string> _steps = [];
        private IContainerModel _before;
        private IContainerModel _recorded;

        public Life(CrashRig rig, int level, Random random)
        {
            (_rig, _level, _random) = (rig, level, random);
            _before = _recorded = rig.Model;
            rig.Moment = Look;
        }

        public int Torn { get; private set; }

        public int Repaired { get; private set; }

        private ImsmContainer Now => (ImsmContainer)_rig.Model;

        public void Step()
        {
            var volume = _random.Next(2);
            switch (_random.Next(8))
            {
                case 0 when FailingSlot() is { } slot:
                    Fail(slot);
                    break;
                case 1 when Gone() is { } gone:
                    ComeBack(gone);
                    break;
                case 2 or 3 when Now.PlanSpare(volume, Legs(Now, volume)).Update is { } update:
                    Rebuild(volume, update);
                    break;
                case 4 or 5 or 6:
                    Do($"dirty {volume}", Now.State(Consistency.Dirty, Facts(), volume));
                    break;
                default:
                    Do($"clean {volume}", Now.State(Consistency.Clean, Facts(), volume));
                    break;
            }
        }

        private void Do(string step, IContainerModel after)
        {
            _steps.Add(step);
            _before = _rig.Model;
            _rig.Commit(after, completely: _random.Next(2) == 0);
            _recorded = _rig.Model;
        }

        /// <summary>A slot whose disk both volumes can do without.</summary>
        private int? FailingSlot()
        {
            var slot = _random.Next(Now.Volumes[0].Legs.Length);
            return Now.Volumes[0].Legs[slot].Device is not null && Now.Volumes.All(volume =>
                    volume.Activity == VolumeActivity.None && Oracle.Starts(volume, leg => leg.Slot != slot && leg.Device is not null))
                ? slot
                : null;
        }

        private void Fail(int slot)
        {
            var disk = Disk(Now.Volumes[0].Legs[slot].Device!.Value);
            disk.IsDead = true;
            var after = Now.Fail(0, slot);
            Do($"{disk.Name} fails", _random.Next(2) == 0 ? after : Elsewhere(after, disk));
            if (_random.Next(3) != 0)
            {
                Do($"{disk.Name} fails elsewhere", Elsewhere(Now, disk));
                Do($"{disk.Name} leaves", Now.RemoveDisk(disk.Device));
            }
        }

        private static ImsmContainer Elsewhere(ImsmContainer container, CrashDisk disk) =>
            container.Volumes[1].Legs.FirstOrDefault(leg => leg.Device == disk.Device) is { } leg ? container.Fail(1, leg.Slot) : container;

        private CrashDisk? Gone() => _rig.Disks.FirstOrDefault(disk => disk.IsDead && Now.Disks.All(there => there.Device != disk.Device));

        private void ComeBack(CrashDisk disk)
        {
            disk.IsDead = false;
            disk.Recognize(null);
            Do($"{disk.Name} is added", Now.AddDisk(disk.With(disk.Durable)));
        }

        private void Rebuild(int volume, PreparedUpdate update)
        {
            var leg = Assert.IsType<ActorRaid.Metadata.Imsm.Rules.ActivateSpare>(update);
            Do($"a spare for {volume}", Now.Process(update));
            Do($"rebuilt {volume}", Now.InSync(volume, leg.Slot));
            Do($"rebuild of {volume} over", Now.State(Consistency.Dirty, Facts(previous: SyncAction.Recover), volume));
        }

        private CrashDisk Disk(DeviceNumber device) => _rig.Disks.Single(disk => disk.Device == device);

        private void Look(bool recorded)
        {
            _recorded = recorded ? _rig.Model : _recorded;
            foreach (var state in _rig.Outcomes(atMost: 12))
            {
                ImmutableArray<DiskSource> all = [.. _rig.Disks.Select((disk, place) => disk.With(state[place]))];
                if (!all.Any(TornDisks.IsTorn))
                {
                    continue;
                }

                Torn++;
                for (var set = 1; set < 1 << all.Length; set++)
                {
                    Check([.. all.Where((_, place) => ((set >> place) & 1) != 0)]);
                }

                CheckWhole(all);
            }
        }

        /// <summary>An array that starts with a disk that was repaired knows all that was recorded, as it did without
        /// the repair.</summary>
        private void Check(ImmutableArray<DiskSource> disks)
        {
            var rewritten = RepairPlan.For(disks, automatic: true).Steps.Where(step => step.Decision == RepairDecision.Rewrite
                && TornDisks.IsTorn(disks.Single(disk => disk.Device == step.Device))).ToArray();
            if (rewritten.Length == 0)
            {
                return;
            }

            Repaired++;
            var container = ImsmLoader.Load([.. disks.Select(disk =>
                rewritten.FirstOrDefault(step => step.Device == disk.Device) is { } step ? Rewritten(disk, step.Image!) : disk)]).Container;
            Assert.NotNull(container);
            foreach (var volume in container.Volumes.Where(volume => Oracle.Starts(volume, leg => leg.Device is not null)))
            {
                Assert.True(
                    container.Generation >= _recorded.Generation
                        || !volume.Legs.Any(leg => leg.InSync && rewritten.Any(step => step.Device == leg.Device)),
                    $"{volume.Name} starts with {string.Join(' ', rewritten.Select(step => step.Name))} at generation "
                        + $"{container.Generation}, {_recorded.Generation} is recorded\n{Text(disks)}");
            }
        }

        /// <summary>With all disks of whole arrays there, whatever is torn is repaired.</summary>
        private void CheckWhole(ImmutableArray<DiskSource> disks)
        {
            if (_rig.Disks.Any(disk => disk.IsDead) || !IsWhole(_before) || !IsWhole(_rig.Model))
            {
                return;
            }

            var plan = RepairPlan.For(disks, automatic: true);
            var left = plan.Steps.Zip(disks).Where(pair => pair.First.Decision == RepairDecision.Refuse && TornDisks.IsTorn(pair.Second));
            Assert.True(!left.Any(), $"{string.Join('\n', left.Select(pair => $"{pair.First.Name}: {pair.First.Reason}"))}\n{Text(disks)}");
        }

        private static bool IsWhole(IContainerModel model) =>
            model.Volumes.All(volume => volume.Activity == VolumeActivity.None && volume.Legs.All(leg => leg.InSync));

        private static DiskSource Rewritten(DiskSource disk, DiskImage image)
        {
            var whole = new CrashDisk(disk);
            whole.Put(image);
            return whole.With(whole.Durable);
        }

        private string Text(ImmutableArray<DiskSource> disks) =>
            $"RAID {_level}: {string.Join(", ", _steps)}\n" + string.Join(
                '\n', ImsmLoader.Load(disks).Verdicts.Select(verdict => $"  {verdict.Name} {verdict.Standing}: {verdict.Reason}"));
    }
}
