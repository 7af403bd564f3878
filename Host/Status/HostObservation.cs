using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Actors;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Status;

/// <summary>What is read of an array beside what its actor knows: nobody waits for it but whoever asks.</summary>
/// <param name="MismatchSectors">mismatch_cnt; null where it cannot be read.</param>
/// <param name="KibPerSecond">The kernel's own account of the speed of a resync (mdstat); 0: none.</param>
/// <param name="Position">How far a resync is, finer than sync_completed, which moves in sixteenths of an array; null: none runs.</param>
/// <param name="IsDelayed">Its resync waits for another array's on the same disks.</param>
/// <param name="IsPending">Its resync waits for the first write.</param>
/// <param name="IsFrozen">metadata_version begins with <c>external:-</c>: it is to be left alone.</param>
/// <param name="Legs">md's legs; for arrays that no actor looks after (RAID 0).</param>
internal sealed record ArrayObservation(
    long? MismatchSectors, long KibPerSecond, SyncPosition? Position, bool IsDelayed, bool IsPending, bool IsFrozen, ImmutableArray<LegReport> Legs);

/// <summary>A container that is not supervised by this daemon, though arrays of it run.</summary>
/// <param name="Name">md127</param>
/// <param name="Format">imsm</param>
/// <param name="Monitor">The living process that monitors it, by its pid file; 0: nobody does. An error where that cannot be told.</param>
/// <param name="Arrays">Its running arrays, as /proc/mdstat tells of them.</param>
internal sealed record OtherContainer(string Name, string Format, Result<int> Monitor, ImmutableArray<MdStatArray> Arrays);

/// <summary>What is read for a status beside what the actors know.</summary>
internal sealed record HostObservation(ImmutableDictionary<string, ArrayObservation> Arrays, ImmutableArray<OtherContainer> Others)
{
    /// <summary>Nothing was read.</summary>
    internal static readonly HostObservation None = new(ImmutableDictionary<string, ArrayObservation>.Empty, []);

    /// <summary>Reads it. What cannot be read is left out.</summary>
    internal static HostObservation Read(RaidSettings settings, SystemReport report)
    {
        var text = SysfsAttribute.ReadOnce(settings.MdStatPath);
        var mdstat = text.Ok ? MdStat.Parse(text.Value) : MdStat.Parse("");
        var arrays = report.Containers.SelectMany(container => container.Arrays).ToImmutableDictionary(
            array => array.Name,
            array => Read($"{settings.SysRoot}/block/{array.Name}/md", mdstat.Arrays.FirstOrDefault(listed => listed.Name == array.Name), array.Legs.IsEmpty));
        var ours = report.Containers.Where(container => container.Refusal is null).Select(container => container.Name).ToHashSet();
        var others =
            from array in mdstat.Arrays
            where array is { Container: not null, Level: not null } && !ours.Contains(array.Container)
            group array by array.Container into container
            orderby container.Key
            select new OtherContainer(
                container.Key, mdstat.Arrays.FirstOrDefault(listed => listed.Name == container.Key)?.Format ?? "",
                Processes.OtherMonitor($"{settings.RunDirectory}/{container.Key}.pid"), [.. container]);
        return new HostObservation(arrays, [.. others]);
    }

    private static ArrayObservation Read(string directory, MdStatArray? listed, bool wantsLegs)
    {
        var mismatches = SysfsAttribute.ReadOnce($"{directory}/mismatch_cnt");
        var progress = listed?.Progress;
        return new ArrayObservation(
            mismatches.Ok && long.TryParse(mismatches.Value, CultureInfo.InvariantCulture, out var count) ? count : null,
            progress?.Speed ?? 0,
            progress is { State: MdStatProgressState.Running, Done: { } done, Total: { } total and > 0 } ? new SyncPosition((ulong)done * 2, (ulong)total * 2) : null,
            progress is { State: MdStatProgressState.Delayed },
            progress is { State: MdStatProgressState.Pending },
            listed is { IsFrozen: true },
            wantsLegs ? [.. Legs(directory)] : []);
    }

    private static IEnumerable<LegReport> Legs(string directory)
    {
        const string prefix = "dev-";
        var legs = SysfsDirectory.List(directory, prefix);
        if (!legs.Ok)
            yield break; // It has stopped meanwhile, or it cannot be told: its legs are not shown.
        foreach (var leg in legs.Value)
        {
            var slot = SysfsAttribute.ReadOnce($"{directory}/{leg}/slot");
            var state = SysfsAttribute.ReadOnce($"{directory}/{leg}/state");
            if (slot.Ok && state.Ok && int.TryParse(slot.Value, CultureInfo.InvariantCulture, out var number))
                yield return new LegReport(number, leg[prefix.Length..], KernelWords.ParseLeg(state.Value));
        }
    }
}
