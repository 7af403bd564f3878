using System.Collections.Immutable;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorRaid.Reporting;

namespace ActorRaid.Cluster;

/// <summary>What etcd keeps of a host, under <c>last/HOST</c>.</summary>
/// <param name="Version">Of this record: <see cref="Current"/>.</param>
/// <param name="Host">Its name.</param>
/// <param name="At">When its gateway said so, by its clock.</param>
/// <param name="Status">What its daemon told last; null: nothing yet.</param>
/// <param name="Trouble">Why the daemon cannot be asked now; null: it can.</param>
/// <param name="Cut">What was left out of the status because it would have been too large; null: nothing.</param>
public sealed record HostEntry(int Version, string Host, DateTimeOffset At, HostStatus? Status, string? Trouble = null, string? Cut = null)
{
    /// <summary>The version of this record.</summary>
    public const int Current = 1;
}

/// <summary>What etcd keeps under <c>live/HOST</c>.</summary>
/// <param name="Machine">/etc/machine-id, or what stands for it: two machines of one name are told apart by it.</param>
public sealed record LiveEntry(string Machine);

/// <summary>
/// Entries as bytes and back. JSON; above <see cref="CompressAbove"/> it is compressed (gzip). What is larger than
/// <see cref="Largest"/> even so is cut, the least important first.
/// </summary>
public static class EntryCodec
{
    /// <summary>From how many bytes on JSON is compressed. Shorter ones can be read with etcdctl.</summary>
    public const int CompressAbove = 2048;

    /// <summary>The most bytes of an entry. etcd's limit of a request is 1.5 MiB.</summary>
    public const int Largest = 1 << 20;

    private const int LargestUnpacked = 16 << 20;

    private static readonly ImmutableArray<(string? What, Func<HostStatus, HostStatus> Cut)> Cuts =
    [
        (null, status => status),
        ("legs and disks of what is well", status => Each(status, container => container.Health == Health.Ok ? Bare(container) : container)),
        ("legs and disks", status => Each(status, Bare)),
        ("containers that are well; legs and disks", status => Each(status with { Containers = [.. status.Containers.Where(container => container.Health != Health.Ok)] }, Bare)),
        ("all but a hundred containers; legs and disks", status => Each(status with { Containers = [.. status.Containers.OrderByDescending(container => container.Health).Take(100)] }, Bare)),
        ("containers", status => status with { Containers = [], NativeArrays = null }),
    ];

    /// <summary>An entry's bytes, at most <paramref name="largest"/> of them unless the summary alone is larger.</summary>
    public static byte[] Encode(HostEntry entry, int largest = Largest)
    {
        foreach (var (what, cut) in Cuts)
        {
            var bytes = Pack(JsonSerializer.SerializeToUtf8Bytes(
                entry.Status is { } status ? entry with { Status = cut(status), Cut = what } : entry, ClusterJson.Default.HostEntry));
            if (bytes.Length <= largest || what == Cuts[^1].What)
                return bytes;
        }
        throw new InvalidOperationException("the last cut is always taken");
    }

    /// <summary>Bytes as an entry. Throws <see cref="FormatException"/>, in words: they come from another host.</summary>
    public static HostEntry Decode(ReadOnlySpan<byte> bytes, string host)
    {
        var entry = Json(bytes, ClusterJson.Default.HostEntry);
        if (entry.Version != HostEntry.Current)
            throw new FormatException($"its entry is of version {entry.Version}, known is {HostEntry.Current}: upgrade this host");
        if (entry.Host != host)
            throw new FormatException($"its entry says that it is of \"{Text.Line(entry.Host ?? "")}\"");
        if (entry.Status is { } status && StatusProblem(status) is { } problem)
            throw new FormatException($"its status has no {problem}");
        // What another host has written may be anything.
        return entry with
        {
            Status = entry.Status is { } told ? Printable.Of(told) : null,
            Trouble = entry.Trouble is { } trouble ? Printable.Of(trouble) : null,
            Cut = entry.Cut is { } cut ? Printable.Of(cut) : null,
        };
    }

    /// <summary>Events' bytes.</summary>
    public static byte[] Encode(ImmutableArray<EventStatus> events) =>
        Pack(JsonSerializer.SerializeToUtf8Bytes(events, ClusterJson.Default.ImmutableArrayEventStatus));

    /// <summary>Bytes as events. Throws <see cref="FormatException"/>.</summary>
    public static ImmutableArray<EventStatus> DecodeEvents(ReadOnlySpan<byte> bytes)
    {
        var events = Json(bytes, ClusterJson.Default.ImmutableArrayEventStatus);
        return events.IsDefault || events.Any(one => one is not { Text: not null, Level: not null, Kind: not null })
            ? throw new FormatException("these are no events")
            : [.. events.Select(Printable.Of)];
    }

    private static byte[] Pack(byte[] json)
    {
        if (json.Length <= CompressAbove)
            return json;
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(json);
        return packed.ToArray();
    }

    private static T Json<T>(ReadOnlySpan<byte> bytes, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        try
        {
            var json = bytes is [0x1f, 0x8b, ..] ? Unpack(bytes) : bytes;
            return JsonSerializer.Deserialize(json, type) ?? throw new FormatException("it is null");
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or InvalidOperationException)
        {
            throw new FormatException($"what etcd has cannot be read: {e.Message}", e);
        }
    }

    private static byte[] Unpack(ReadOnlySpan<byte> bytes)
    {
        using var gzip = new GZipStream(new MemoryStream(bytes.ToArray()), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        var piece = new byte[65536];
        for (int length; (length = gzip.Read(piece)) > 0;)
        {
            plain.Write(piece, 0, length);
            if (plain.Length > LargestUnpacked)
                throw new InvalidDataException($"unpacked it is more than {LargestUnpacked >> 20} MiB");
        }
        return plain.ToArray();
    }

    // A member that is not in the JSON is null or an empty array's default, whatever its type says.
    private static string? StatusProblem(HostStatus status)
    {
        if (status.Version != HostStatus.Current)
            return $"version {HostStatus.Current}";
        if (status is not { Host: not null, Summary: not null, Program: not null } || !Enum.IsDefined(status.Health))
            return "host, summary, program or health";
        if (status.Containers.IsDefault)
            return "containers";
        foreach (var container in status.Containers)
        {
            if (container is not { Name: not null, Format: not null } || container.Arrays.IsDefault || container.Disks.IsDefault || !Enum.IsDefined(container.Health))
                return "complete containers";
            if (container.Arrays.Any(array => array is not { Name: not null, VolumeName: not null, Level: not null, State: not null, Action: not null }
                    || array.Legs.IsDefault || !Enum.IsDefined(array.Health) || array.Legs.Any(leg => leg?.Disk is null || IsShort(leg.State))
                    || (array.Conditions is { } conditions && IsShort(conditions))))
                return "complete arrays";
            if (container.Disks.Any(disk => disk is not { Name: not null, Device: not null, Serial: not null, Role: not null }))
                return "complete disks";
        }
        return null;
    }

    private static bool IsShort(ImmutableArray<string> words) => words.IsDefault || words.Any(word => word is null);

    private static HostStatus Each(HostStatus status, Func<ContainerStatus, ContainerStatus> change) =>
        status with { Containers = [.. status.Containers.Select(change)] };

    private static ContainerStatus Bare(ContainerStatus container) =>
        container with { Disks = [], Arrays = [.. container.Arrays.Select(array => array with { Legs = [] })] };
}

/// <summary>Bytes and back, by generated code.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HostEntry))]
[JsonSerializable(typeof(LiveEntry))]
[JsonSerializable(typeof(HostStatus))]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(ClusterHost))]
[JsonSerializable(typeof(HostEvent))]
[JsonSerializable(typeof(ImmutableArray<EventStatus>))]
public sealed partial class ClusterJson : JsonSerializerContext;
