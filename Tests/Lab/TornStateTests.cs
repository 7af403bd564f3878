using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.Commit;
using ActorRaid.Tests.ImsmRules;
using Xunit;
using Imsm = ActorRaid.Metadata.Imsm.Load.ImsmFormat;

namespace ActorRaid.Tests.Lab;

/// <summary>States that a power cut in the middle of a commit leaves behind, made of real disks and tried on mdadm.</summary>
[Collection("lab")]
public sealed class TornStateTests(GuestLab lab)
{
    private const long DiskBytes = 32 << 20;
    private const int SectorSize = 512;
    private static readonly int StatesOfEach = GuestLab.Soak ? 14 : 2;
    private static readonly int FamilyStatesOfEach = GuestLab.Soak ? 30 : 4;
    private static readonly ArrayFacts AtRest = new(ArrayFacts.Complete, 0, SyncAction.Idle, SyncAction.Idle, ArrayFacts.Complete);

    private static readonly (string Name, Func<IContainerModel, IContainerModel> Commit)[] Changes =
    [
        ("dirty vol0", model => model.SetArrayState(0, Consistency.Dirty, AtRest).Model),
        ("dirty vol1", model => model.SetArrayState(1, Consistency.Dirty, AtRest).Model),
        ("failed ubdc", model => model.SetLeg(0, 2, LegState.Faulty)),
    ];

    /// <summary>
    /// Two boots: one makes the disks, the other tries every state. Of four disks the first volume's dirty flip changes one sector
    /// and cannot tear; the second volume's and a failure change two.
    /// </summary>
    [Fact]
    public void Whatever_a_commit_cut_in_the_middle_leaves_behind_is_assembled_by_mdadm_and_what_was_recorded_is_seen()
    {
        var folder = lab.Folder("torn-states");
        var disks = GuestLab.MakeDisks(folder, 5, DiskBytes);

        var output = Path.Combine(folder, "out");
        Boot(output, disks, "FIRST=1");
        var sources = disks.Take(4).Select(Read).ToImmutableArray();
        var states = 0;
        foreach (var (name, commit) in Changes)
        {
            var made = TornStates.Of(sources, commit, SectorSize, StatesOfEach, GuestLab.Seed);
            Assert.Contains(made, state => state.Recorded);
            Assert.All(made, state => Assert.True(!state.Recorded || !name.StartsWith("dirty ") || state.Dirty.Contains(name["dirty ".Length..])));
            Assert.Equal(name != "dirty vol0", made.Any(state => !state.Torn.IsEmpty));
            Write(name, made);
        }

        var family = FamilyStates(sources, Read(disks[4]));
        Assert.Contains(family, state => !state.IsKnownToMdadm);
        Write("family", family);
        // A change of one sector leaves two states, however many are asked for.
        Assert.True(states >= (2 * StatesOfEach) + (FamilyStatesOfEach / 2), $"only {states} states");
        Boot(output, disks, $"STATES={states}");

        void Write(string name, ImmutableArray<TornState> made)
        {
            var written = Path.Combine(folder, name.Replace(' ', '-'));
            TornStates.Write(made, written);
            foreach (var state in Directory.GetDirectories(written).Order())
            {
                File.WriteAllText(Path.Combine(state, "change"), name + "\n");
                Directory.CreateDirectory(Path.Combine(output, "states"));
                Directory.Move(state, Path.Combine(output, "states", $"{states++:000}"));
            }
        }
    }

    /// <summary>
    /// The third disk has failed, a fifth takes its slot in the first volume, and the family changes. What is left when the power goes
    /// before, between and in the two commits of the change; and what a change at a stroke would leave, which mdadm does not assemble.
    /// </summary>
    private static ImmutableArray<TornState> FamilyStates(ImmutableArray<DiskSource> sources, DiskSource spare)
    {
        var model = Assert.IsType<ImsmContainer>(new Imsm().Load(sources).Model);
        var failed = model.Fail(0, 2).Fail(1, 2).AddDisk(spare);
        var seen = new HashSet<string>();
        var states = new List<TornState>();
        CrashRig? rig = null;
        for (var order = 0; order < 6; order++)
        {
            rig = new CrashRig(model, [.. sources, spare], SectorSize, GuestLab.Seed + order);
            rig.Recognize();
            rig.Disks[2].IsDead = true;
            rig.Commit(failed, completely: true);
            rig.Commit(((ImsmContainer)rig.Model).Rebuild(), completely: true);
            rig.Moment = recorded => states.AddRange(rig.Outcomes(atMost: 40)
                .Where(state => seen.Add(string.Join('|', state.Select(Convert.ToBase64String))))
                .Select(state => TornStates.Describe(Disks(state), recorded)));
            while (rig.Model.FollowedBy(onAllDisks: true) is { } next)
            {
                rig.Commit(next.Model, completely: true);
            }
        }

        Assert.All(states, state => Assert.True(state.IsKnownToMdadm));
        var changed = (ImsmContainer)rig!.Model;
        var stroke = changed with { Super = changed.Super with { FamilyNumber = changed.Super.FamilyNumber + 1000, Generation = changed.Generation + 1 } };
        foreach (var disk in rig.Disks.Take(2))
        {
            disk.Put(stroke.Sectors(disk.Device)!);
        }

        var all = states.ToArray();
        new Random(GuestLab.Seed).Shuffle(all);
        return [TornStates.Describe(Disks([.. rig.Disks.Select(disk => disk.Durable)]), recorded: false), .. all.Take(FamilyStatesOfEach)];

        ImmutableArray<DiskSource> Disks(ImmutableArray<byte[]> state) => [.. rig!.Disks.Select((disk, place) => disk.With(state[place]))];
    }

    private void Boot(string output, IReadOnlyList<string> disks, string variable)
    {
        var run = lab.Run(new LabOrder("actorraid", "torn-states", 900, [variable, $"LATE={(GuestLab.Soak ? FamilyStatesOfEach : 1)}"]) { Disks = disks, Output = output });
        if (run.Status != 0)
        {
            lab.Fail(variable, run, "torn-states");
        }
    }

    /// <summary>A disk's end as a guest sees the disk: ubda is block device 98:0, ubdb 98:16, ...</summary>
    private static DiskSource Read(string path)
    {
        var name = Path.GetFileName(path);
        using var file = File.OpenRead(path);
        var tail = new byte[CrashDisk.TailBytes];
        file.Seek(-tail.Length, SeekOrigin.End);
        file.ReadExactly(tail);
        return new DiskSource(
            new DeviceNumber(98, (name[^1] - 'a') * 16), name, DiskSerial.NameAsSerial(name), (ulong)(file.Length / 512), SectorSize, tail);
    }
}
