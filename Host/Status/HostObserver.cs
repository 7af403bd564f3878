using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Actors;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Status;

/// <summary>Reads for a status what the actors do not know. One thread at a time.</summary>
internal sealed class HostObserver(RaidSettings settings, ContainerReader reader, MigrationRecords records)
{
    /// <summary>How long all disks together are waited for.</summary>
    internal static readonly TimeSpan Limit = ContainerReader.Limit;

    /// <summary>Reads it. An array that is gone meanwhile is left out.</summary>
    internal HostObservation Look(SystemReport report)
    {
        var text = SysfsAttribute.ReadOnce(settings.MdStatPath);
        var listed = MdStat.Parse(text.Ok ? text.Value : "").Arrays;
        var ours = report.Containers.Where(container => container.Refusal is null)
            .Select(container => container.Name).ToHashSet();
        var others = listed.Where(array => array.IsContainer).Select(container => container.Name)
            .Concat(listed.Select(array => array.Container).OfType<string>())
            .Distinct().Where(name => !ours.Contains(name)).Order(StringComparer.Ordinal).ToList();

        // All disks are asked before any is waited for.
        var running = report.Containers.SelectMany(container => container.Arrays
            .Select(array => (container.Format, Array: array))).ToList();
        var checkpoints = records.Begin(running);
        var recorded = reader.Read([.. others.Select(name => (name, FormatOf(listed, name)))]);
        var done = checkpoints();

        var arrays = running.Select(one => one.Array).ToImmutableDictionary(
            array => array.Name,
            array => Read($"{settings.SysRoot}/block/{array.Name}/md", listed
                .FirstOrDefault(other => other.Name == array.Name), array.Legs.IsEmpty) with
            {
                ReshapeCheckpoint = done.TryGetValue(array.Name, out var sectors) ? sectors : null,
            });
        arrays = arrays.AddRange(
            from array in listed
            where array is { IsContainer: false, Level: not null } && !arrays.ContainsKey(array.Name)
            let directory = $"{settings.SysRoot}/block/{array.Name}/md"
            select KeyValuePair.Create(array.Name, Read(directory, array, wantsLegs: true) with
            {
                State = SysfsAttribute.ReadOnce($"{directory}/array_state") is { Ok: true, Value: var state } ? state
                    : "",
            }));
        return new HostObservation(arrays, [.. others.Select(name => Other(listed, name, recorded[name]))])
        {
            Listed = listed,
            Problem = text.Ok ? null : $"which arrays run is unknown: {text.Error}",
        };
    }

    private static string FormatOf(ImmutableArray<MdStatArray> listed, string container) =>
        listed.FirstOrDefault(array => array.Name == container)?.Format ?? "";

    private OtherContainer Other(ImmutableArray<MdStatArray> listed, string name, RecordedContainer recorded) => new(
        name, FormatOf(listed, name), Processes.OtherMonitor($"{settings.RunDirectory}/{name}.pid"),
        [.. listed.Where(array => array.Container == name)], recorded);

    private static ArrayObservation Read(string directory, MdStatArray? listed, bool wantsLegs)
    {
        var mismatches = SysfsAttribute.ReadOnce($"{directory}/mismatch_cnt");
        var progress = listed?.Progress;
        return new ArrayObservation(
            mismatches.Ok && long.TryParse(mismatches.Value, CultureInfo.InvariantCulture, out var count) ? count
                : null,
            progress?.Speed ?? 0,
            MdStatMap.Position(progress),
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
            yield break; // It has stopped meanwhile, or cannot be read: its legs are not shown.
        foreach (var leg in legs.Value)
        {
            var slot = SysfsAttribute.ReadOnce($"{directory}/{leg}/slot");
            var state = SysfsAttribute.ReadOnce($"{directory}/{leg}/state");
            if (slot.Ok && state.Ok)
            {
                // Spares, and what has failed, are in none.
                var number = int.TryParse(slot.Value, CultureInfo.InvariantCulture, out var its) ? its : -1;
                yield return new LegReport(number, leg[prefix.Length..], KernelWords.ParseLeg(state.Value))
                {
                    BadSectors = BadSectors($"{directory}/{leg}/bad_blocks"),
                };
            }
        }
    }

    private static long BadSectors(string list) => SysfsAttribute.ReadOnce(list) is { Ok: true, Value: var text }
        ? KernelWords.ParseBadBlocks(text).Sum(block => (long)block.Length) : 0;
}
