using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors;

/// <summary>A container that was put together from its disks, or the reason why not.</summary>
/// <param name="Model">The metadata; null when it was refused.</param>
/// <param name="Disks">The disks that could be read.</param>
/// <param name="Verdicts">What is thought of each disk, those that could not be read included.</param>
/// <param name="Refusal">Why there is no model.</param>
internal sealed record LoadedContainer(
    IContainerModel? Model, ImmutableArray<OpenDisk> Disks, ImmutableArray<DiskVerdict> Verdicts, SuperviseReply? Refusal)
{
    /// <summary>The disks that md has in the container.</summary>
    public ImmutableArray<ContainerDisk> Members { get; init; } = [];

    /// <summary>Disks that have not answered within the limit, and are still being read.</summary>
    public ImmutableArray<DiskReading> Hanging { get; init; } = [];

    /// <summary>The disks whose copy is not known, and why.</summary>
    public ImmutableDictionary<DeviceNumber, string> Unreadable =>
        Verdicts.Where(verdict => verdict.Standing == DiskStanding.Unreadable).ToImmutableDictionary(verdict => verdict.Device, verdict => verdict.Reason);

    /// <summary>Closes the disks.</summary>
    public void Close()
    {
        foreach (var disk in Disks)
        {
            disk.Device.Dispose();
        }

        foreach (var reading in Hanging)
        {
            reading.Abandon();
        }
    }
}

/// <summary>A disk that md has in a container.</summary>
/// <param name="Name">The kernel's name: sda.</param>
/// <param name="Device">Its number.</param>
internal readonly record struct ContainerDisk(string Name, DeviceNumber Device);

/// <summary>
/// Finds a container's disks and reads its metadata. Waits for the disks, up to a limit: not for the loop's thread. A disk that cannot be read is left
/// out, and its verdict says why.
/// </summary>
internal static class ContainerLoader
{
    private const string External = "external:";

    /// <summary>Reads everything.</summary>
    /// <param name="settings">Where things are.</param>
    /// <param name="container">md127</param>
    /// <param name="limit">How long the disks may take, all at the same time.</param>
    /// <param name="open">Disks that are open already: only what they hold is read again. Those that are no longer the container's are closed.</param>
    /// <param name="unreadable">Disks that are known not to be readable, and why: they are not tried.</param>
    public static LoadedContainer Load(
        RaidSettings settings, string container, TimeSpan limit, ImmutableArray<OpenDisk> open = default,
        ImmutableDictionary<DeviceNumber, string>? unreadable = null)
    {
        open = open.IsDefault ? [] : open;
        var version = SysfsAttribute.ReadOnce($"{settings.SysRoot}/block/{container}/md/metadata_version");
        if (!version.Ok)
        {
            return version.Error.MeansGone
                ? Refuse(SuperviseOutcome.NotAContainer, $"{container} is no md array: {version.Error}")
                : Refuse(SuperviseOutcome.Failed, $"{container}: {version.Error}", version.Error);
        }

        if (!version.Value.StartsWith(External, StringComparison.Ordinal))
        {
            return Refuse(SuperviseOutcome.NotExternal, $"{container} has metadata version {version.Value}: only external metadata needs a monitor");
        }

        var name = version.Value[External.Length..];
        if (name.StartsWith('/') || name.StartsWith('-'))
        {
            return Refuse(SuperviseOutcome.NotAContainer, $"{container} is a member array, not a container");
        }

        var format = settings.Formats.FirstOrDefault(format => format.Name == name);
        if (format is null)
        {
            return Refuse(SuperviseOutcome.UnknownMetadata, $"{container} has external metadata \"{name}\", which is not supported");
        }

        var members = Members(settings.SysRoot, container);
        if (!members.Ok)
        {
            return Refuse(SuperviseOutcome.Failed, $"{container}: its disks are not known: {members.Error}", members.Error);
        }

        var gathered = Gather(settings, format, members.Value, limit, open, unreadable ?? ImmutableDictionary<DeviceNumber, string>.Empty);
        if (gathered.Shortage is { } shortage)
        {
            gathered.Loaded.Close();
            return Refuse(SuperviseOutcome.Failed, $"{container}: {shortage}", shortage);
        }

        var loaded = gathered.Loaded;

        // Of two families that were both used, mdadm has chosen one by starting its arrays. The last disks count first.
        var found = format.Load([.. loaded.Disks.Select(disk => disk.Source).OrderBy(disk => IsLeg(settings.SysRoot, container, disk.Name))]);
        loaded = loaded with { Model = found.Model, Verdicts = [.. found.Verdicts, .. loaded.Verdicts] };
        var refusal = found.Model is null ? found.Refusal : MayBeOld(settings, container, loaded);
        if (refusal is not null)
        {
            loaded.Close();
            var missing = string.Concat(loaded.Unreadable.Values.Select(reason => $"; {reason}"));
            return Refuse(SuperviseOutcome.Failed, $"{container}: {refusal}{missing}");
        }

        return loaded;

        LoadedContainer Refuse(SuperviseOutcome outcome, string message, KernelError error = default)
        {
            foreach (var disk in open)
            {
                disk.Device.Dispose();
            }

            return new LoadedContainer(null, [], [], new SuperviseReply(outcome, message) { IsOurFault = error.MeansShortage });
        }
    }

    /// <summary>
    /// Whether a member array has the disk as well. Where that cannot be read nothing but the order among families hangs on it.
    /// </summary>
    public static bool IsLeg(string sysRoot, string container, string disk) =>
        SysfsDirectory.List($"{sysRoot}/block/{container}/md/dev-{disk}/block/holders", "") is { Ok: true, Value.Length: > 1 };

    /// <summary>The disks that md has in a container. None when the container is gone.</summary>
    public static Result<ImmutableArray<ContainerDisk>> Members(string sysRoot, string container) => Disks($"{sysRoot}/block/{container}/md");

    /// <summary>The disks below an array's md directory. None when it is gone.</summary>
    private static Result<ImmutableArray<ContainerDisk>> Disks(string directory)
    {
        const string prefix = "dev-";
        var listed = SysfsDirectory.List(directory, prefix);
        if (!listed.Ok)
        {
            return listed.Error.MeansGone ? ImmutableArray<ContainerDisk>.Empty : listed.Error;
        }

        var members = ImmutableArray.CreateBuilder<ContainerDisk>();
        foreach (var entry in listed.Value)
        {
            // The link to the block device is gone when the disk was pulled.
            var device = SysfsAttribute.ReadOnce($"{directory}/{entry}/block/dev");
            if (!device.Ok && !device.Error.MeansGone)
            {
                return device.Error;
            }

            if (device.Ok && Numbers.ParseDevice(device.Value) is { Major: > 0 } number)
            {
                members.Add(new ContainerDisk(entry[prefix.Length..], number));
            }
        }

        return members.ToImmutable();
    }

    /// <summary>Opens and reads all of them at the same time.</summary>
    private static (LoadedContainer Loaded, KernelError? Shortage) Gather(
        RaidSettings settings, IMetadataFormat format, ImmutableArray<ContainerDisk> members, TimeSpan limit, ImmutableArray<OpenDisk> open,
        ImmutableDictionary<DeviceNumber, string> unreadable)
    {
        foreach (var gone in open.Where(disk => !members.Contains(new ContainerDisk(disk.Source.Name, disk.Source.Device))))
        {
            gone.Device.Dispose();
        }

        ImmutableArray<DiskReading> readings =
        [
            .. from member in members
               let known = open.FirstOrDefault(disk => disk.Source.Name == member.Name && disk.Source.Device == member.Device)
               where known is not null || !unreadable.ContainsKey(member.Device)
               select known is null ? DiskReading.Begin(settings.OpenDisk, format, member.Name, member.Device) : DiskReading.Again(format, known),
        ];
        Task.WaitAll([.. readings.Select(reading => reading.Read)], limit);
        var disks = ImmutableArray.CreateBuilder<OpenDisk>();
        var hanging = ImmutableArray.CreateBuilder<DiskReading>();
        var verdicts = ImmutableArray.CreateBuilder<DiskVerdict>();
        KernelError? shortage = null;
        foreach (var reading in readings)
        {
            if (!reading.Read.IsCompleted)
            {
                hanging.Add(reading);
                verdicts.Add(Unreadable(reading.Name, reading.Device, NoAnswer(reading.Name, limit)));
            }
            else if (reading.Read.Result is { Ok: true, Value: var disk })
            {
                disk.Device.StartWorker();
                disks.Add(disk);
            }
            else
            {
                var error = reading.Read.Result.Error;
                shortage ??= error.MeansShortage ? error : null;
                verdicts.Add(Unreadable(reading.Name, reading.Device, CannotBeRead(reading.Name, error)));
            }
        }

        foreach (var member in members.Where(member => !readings.Any(reading => reading.Device == member.Device)))
        {
            verdicts.Add(Unreadable(member.Name, member.Device, unreadable[member.Device]));
        }

        var loaded = new LoadedContainer(null, disks.ToImmutable(), verdicts.ToImmutable(), null) { Members = members, Hanging = hanging.ToImmutable() };
        return (loaded, shortage);
    }

    /// <summary>What is said of a disk that gives an error.</summary>
    public static string CannotBeRead(string name, KernelError error) => $"{name} cannot be read: {error}";

    /// <summary>What is said of a disk that gives no answer.</summary>
    public static string NoAnswer(string name, TimeSpan limit) => $"{name} cannot be read: it has not answered for {limit.TotalSeconds:0} s";

    private static DiskVerdict Unreadable(string name, DeviceNumber device, string reason) => new(device, name, DiskStanding.Unreadable, reason);

    /// <summary>
    /// Where disks could not be read, the copies of the others may be old: those of a disk that was thrown out long ago know nothing of what came after. Some
    /// leg that md has in sync must have the copy that was chosen, in each array that runs: a commit is only recorded when no such legs could be without it.
    /// </summary>
    private static string? MayBeOld(RaidSettings settings, string container, LoadedContainer loaded)
    {
        if (loaded.Unreadable.IsEmpty)
        {
            return null;
        }

        var mdstat = SysfsAttribute.ReadOnce(settings.MdStatPath);
        if (!mdstat.Ok)
        {
            return $"it is not known which arrays run: {mdstat.Error}";
        }

        var current = loaded.Verdicts.Where(verdict => verdict.Standing == DiskStanding.Member).Select(verdict => verdict.Device).ToHashSet();
        foreach (var array in MdStat.Parse(mdstat.Value).Arrays.Where(array => array.Container == container))
        {
            var directory = $"{settings.SysRoot}/block/{array.Name}/md";
            var legs = Disks(directory);
            if (!legs.Ok)
            {
                return $"the legs of {array.Name} are not known: {legs.Error}";
            }

            var inSync = legs.Value.Where(leg =>
                SysfsAttribute.ReadOnce($"{directory}/dev-{leg.Name}/state") is { Ok: true, Value: var state }
                && (KernelWords.ParseLeg(state) & (LegFlags.InSync | LegFlags.Faulty)) == LegFlags.InSync).ToList();
            if (inSync.Count > 0 && !inSync.Any(leg => current.Contains(leg.Device)))
            {
                return $"none of the disks that {array.Name} runs on has the metadata that the others have: it may be old";
            }
        }

        return null;
    }
}
