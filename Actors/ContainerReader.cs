using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors;

/// <summary>What a container's disks say of it, read without whoever supervises it.</summary>
/// <param name="Generation">The metadata's generation; 0 when there is none.</param>
/// <param name="Volumes">The volumes.</param>
/// <param name="Disks">The disks that could be read.</param>
/// <param name="Unreadable">The disks that could not, by the kernel's names, and why.</param>
/// <param name="Refusal">Why what could be read is no container; null: it is one.</param>
public sealed record RecordedContainer(
    uint Generation, ImmutableArray<VolumeInfo> Volumes, ImmutableArray<DiskInfo> Disks,
    ImmutableDictionary<string, string> Unreadable, string? Refusal)
{
    /// <summary>Its metadata is of a format that is not supported here.</summary>
    public bool IsOfOtherFormat { get; init; }

    /// <summary>Nothing is known, for that reason.</summary>
    internal static RecordedContainer Unknown(string refusal) =>
        new(0, [], [], ImmutableDictionary<string, string>.Empty, refusal);
}

/// <summary>
/// Reads the metadata of containers that this daemon does not supervise, to tell which of their volumes do not run. A
/// disk that hangs is waited for no longer than a moment, and is not asked a second time meanwhile. One thread at a
/// time.
/// </summary>
/// <param name="settings">Where things are.</param>
public sealed class ContainerReader(RaidSettings settings)
{
    /// <summary>So long all disks together may take: who asks for a status does not want to wait for one.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(400);

    // Somebody who watches looks once a second.
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(900);

    private readonly DiskReadings<(string Format, ContainerDisk Disk), Result<DiskSource>> _readings =
        new(wanted => Source(settings, wanted.Format, wanted.Disk), Limit, Fresh);

    /// <summary>What the disks of each of these containers say.</summary>
    public ImmutableDictionary<string, RecordedContainer> Read(ImmutableArray<(string Name, string Format)> containers)
    {
        var members = containers.Select(container => (
            container.Name,
            Format: settings.Formats.FirstOrDefault(format => format.Name == container.Format),
            FormatName: container.Format,
            Disks: ContainerLoader.Members(settings.SysRoot, container.Name))).ToList();
        var read = _readings.Read(
            from container in members
            where container.Format is not null && container.Disks.Ok
            from disk in container.Disks.Value
            select (container.FormatName, disk));
        return members.ToImmutableDictionary(
            container => container.Name,
            container => container switch
            {
                { Format: null } =>
                    RecordedContainer.Unknown(
                        $"metadata of the format \"{container.FormatName}\" is not supported here") with
                {
                    IsOfOtherFormat = true,
                },
                { Disks: { Ok: false, Error: var error } } =>
                    RecordedContainer.Unknown($"its disks are not known: {error}"),
                _ => Put(container.Name, container.Format, container.Disks.Value, read),
            });
    }

    private static async Task<Result<DiskSource>> Source(RaidSettings settings, string formatName, ContainerDisk disk)
    {
        var format = settings.Formats.First(format => format.Name == formatName);
        var reading = DiskReading.Begin(settings.LookAtDisk, format, disk.Name, disk.Device);
        var read = await reading.Read.ConfigureAwait(false);
        if (!read.Ok)
            return read.Error;
        read.Value.Device.Dispose();
        return read.Value.Source;
    }

    private RecordedContainer Put(
        string container, IMetadataFormat format, ImmutableArray<ContainerDisk> disks,
        ImmutableDictionary<(string Format, ContainerDisk Disk), Task<Result<DiskSource>>> read)
    {
        var sources = new List<DiskSource>();
        var unreadable = ImmutableDictionary.CreateBuilder<string, string>();
        foreach (var disk in disks)
        {
            switch (read.GetValueOrDefault((format.Name, disk)))
            {
                case null:
                    unreadable[disk.Name] = $"{disk.Name} cannot be read: it does not answer";
                    break;
                case { Result: { Ok: true, Value: var source } }:
                    sources.Add(source);
                    break;
                case { Result.Error: var error }:
                    unreadable[disk.Name] = ContainerLoader.CannotBeRead(disk.Name, error);
                    break;
            }
        }

        var found = format.Load([.. sources
            .OrderBy(disk => ContainerLoader.IsLeg(settings.SysRoot, container, disk.Name))]);
        foreach (var verdict in found.Verdicts.Where(verdict => verdict.IsLeftOut))
            unreadable[verdict.Name] = verdict.NotUsed;
        return found.Model is { } model
            ? new RecordedContainer(model.Generation, model.Volumes, model.Disks, unreadable.ToImmutable(), null)
            : new RecordedContainer(0, [], [], unreadable.ToImmutable(), found.Refusal ?? "no disk has metadata");
    }
}
