using System.Collections.Immutable;
using ActorRaid.Metadata;
using Imsm = ActorRaid.Metadata.Imsm.Load.ImsmFormat;

namespace ActorRaid.Tests.Commit;

/// <summary>What a power cut in the middle of a commit left behind.</summary>
/// <param name="Disks">The disks, each with the last <see cref="CrashDisk.TailBytes"/> bytes that it holds now.</param>
/// <param name="Torn">The names of those whose copy is torn.</param>
/// <param name="Recorded">Whether the writers had been let go.</param>
/// <param name="Generations">Of each disk the generation it holds; 0 where that cannot be read.</param>
/// <param name="Starts">The volumes that have enough legs left to start.</param>
/// <param name="Dirty">Those of them that are marked dirty.</param>
internal sealed record TornState(
    ImmutableArray<DiskSource> Disks, ImmutableArray<string> Torn, bool Recorded, ImmutableArray<uint> Generations,
    ImmutableArray<string> Starts, ImmutableArray<string> Dirty)
{
    /// <summary>Whether mdadm finds a container in the disks that are not torn.</summary>
    public bool IsKnownToMdadm { get; } = MdadmChoice.Of(Disks).Super is not null;
}

/// <summary>
/// Torn states of real disks, for mdadm to be tried on. Read at least the last 16 KiB of each disk of a container that rests,
/// and say what is to be committed:
/// <code>
/// var states = TornStates.Of(disks, model => model.SetArrayState(0, Consistency.Dirty, facts).Model, 512, count: 10, seed: 1);
/// TornStates.Write(states, "/tmp/torn");
/// </code>
/// That makes a folder for each state, 000, 001, ..., with a file DISK.tail of 16,384 bytes for each disk, which belongs at the very
/// end of it (<c>dd if=loop0.tail of=/dev/loop0 bs=512 seek=$(($(blockdev --getsz /dev/loop0) - 32))</c>), and a file
/// <c>expect</c> of lines: <c>recorded yes|no</c>, <c>mdadm yes|no</c>, <c>disk NAME generation N|torn</c>, <c>volume NAME starts clean|dirty</c>.
/// A state is restored by all of its files. <c>recorded yes</c> means that a dirty flag that was committed must be seen.
/// </summary>
internal static class TornStates
{
    /// <summary>A sample of the states that a commit can leave behind: half of them with a torn disk, and one that was recorded, if there are such.</summary>
    /// <param name="disks">The container's disks as they are.</param>
    /// <param name="change">What to commit; the next generation is made of it here.</param>
    /// <param name="atomicBytes">What the disks write whole or not at all.</param>
    /// <param name="count">How many states at most.</param>
    /// <param name="seed">Other numbers yield other samples.</param>
    /// <exception cref="ArgumentException">The disks hold no container.</exception>
    public static ImmutableArray<TornState> Of(
        ImmutableArray<DiskSource> disks, Func<IContainerModel, IContainerModel> change, int atomicBytes, int count, int seed)
    {
        var loaded = new Imsm().Load(disks);
        var model = loaded.Model ?? throw new ArgumentException(loaded.Refusal, nameof(disks));
        var seen = new HashSet<string>();
        var states = new List<TornState>();
        for (var order = 0; order < 8; order++)
        {
            var rig = new CrashRig(model, disks, atomicBytes, seed + order);
            rig.Recognize();
            rig.Moment = recorded => states.AddRange(rig.Outcomes(atMost: 40)
                .Where(state => seen.Add(recorded + string.Join('|', state.Select(Convert.ToBase64String))))
                .Select(state => Describe([.. rig.Disks.Select((disk, place) => disk.With(state[place]))], recorded)));
            rig.Commit(change(model), completely: true);
        }

        var shuffled = states.ToArray();
        new Random(seed).Shuffle(shuffled);
        var torn = shuffled.Where(state => !state.Torn.IsEmpty).Take(count / 2).ToArray();
        var recorded = shuffled.Where(state => state.Recorded).Except(torn).Take(1);
        return [.. torn.Concat(recorded).Concat(shuffled).Distinct().Take(count)];
    }

    /// <summary>Writes states as files; see above.</summary>
    public static void Write(ImmutableArray<TornState> states, string folder)
    {
        for (var number = 0; number < states.Length; number++)
        {
            var state = states[number];
            var path = Directory.CreateDirectory(Path.Combine(folder, $"{number:000}")).FullName;
            var expect = new List<string> { $"recorded {YesNo(state.Recorded)}", $"mdadm {YesNo(state.IsKnownToMdadm)}" };
            for (var place = 0; place < state.Disks.Length; place++)
            {
                var disk = state.Disks[place];
                File.WriteAllBytes(Path.Combine(path, $"{disk.Name}.tail"), disk.Tail.ToArray());
                expect.Add($"disk {disk.Name} " + (state.Torn.Contains(disk.Name) ? "torn" : $"generation {state.Generations[place]}"));
            }

            expect.AddRange(state.Starts.Select(volume => $"volume {volume} starts {(state.Dirty.Contains(volume) ? "dirty" : "clean")}"));
            File.WriteAllLines(Path.Combine(path, "expect"), expect);
        }
    }

    private static string YesNo(bool value) => value ? "yes" : "no";

    /// <summary>What there is to say of disks.</summary>
    public static TornState Describe(ImmutableArray<DiskSource> disks, bool recorded)
    {
        var format = new Imsm();
        var alone = disks.Select(disk => format.Load([disk])).ToArray();
        var model = format.Load(disks).Model;
        var starts = model?.Volumes.Where(volume => Oracle.Starts(volume, leg => leg.Device is not null)).ToArray() ?? [];
        return new TornState(
            disks,
            [.. alone.Where(load => load.Verdicts[0].Standing == DiskStanding.Broken).Select(load => load.Verdicts[0].Name)],
            recorded,
            [.. alone.Select(load => load.Model?.Generation ?? 0)],
            [.. starts.Select(volume => volume.Name)],
            [.. starts.Where(volume => volume.Dirty).Select(volume => volume.Name)]);
    }
}
