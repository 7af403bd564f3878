using System.Globalization;
using System.Text;
using System.Text.Json;
using ActorRaid.Cluster;
using ActorRaid.Cluster.Etcd;
using ActorRaid.Reporting;

namespace ActorRaid.Gateway.Cluster;

/// <summary>What the commands do.</summary>
internal static class ClusterCommand
{
    /// <summary>The exit status when it cannot be told how things stand.</summary>
    internal const int CannotTell = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.2);

    /// <summary>Shows all hosts, as they are in one revision.</summary>
    internal static async Task<int> Status(ClusterAccess access, bool json, bool degraded, TextWriter output, CancellationToken cancel)
    {
        var (header, found) = await EtcdFollower.Read(access.Etcd, access.Keys.States.First, access.Keys.States.End, cancel).ConfigureAwait(false);
        var status = ClusterView.Of(ClusterImage.Empty.Apply(new Followed(header.Revision, All: found), access.Keys));
        var shown = degraded ? ClusterView.Unwell(status) : status;
        output.Write(json ? JsonSerializer.Serialize(shown, ClusterJson.Default.ClusterStatus) + "\n" : ClusterPage.Of(shown, DateTimeOffset.UtcNow));
        return Words.ExitStatus(status.Health);
    }

    /// <summary>Shows all hosts, again with each change, until it is interrupted.</summary>
    internal static async Task<int> Watch(ClusterAccess access, bool json, bool degraded, TextWriter output, CancellationToken cancel)
    {
        var isTerminal = !json && !Console.IsOutputRedirected;
        string? last = null;
        await foreach (var all in ClusterFollowing.Follow(access.Etcd, access.Keys, Pause, cancel: cancel).ConfigureAwait(false))
        {
            var status = degraded ? ClusterView.Unwell(all) : all;
            var page = json ? JsonSerializer.Serialize(status with { Revision = 0 }, ClusterJson.Default.ClusterStatus) : ClusterPage.Of(status with { Revision = 0 }, DateTimeOffset.MinValue);
            // A terminal shows how old things are, and the revision; a program wants what changed.
            if (page == last && !isTerminal)
                continue;
            last = page;
            if (json)
                output.WriteLine(JsonSerializer.Serialize(status, ClusterJson.Default.ClusterStatus));
            else if (isTerminal)
                output.Write("\e[H" + ClusterPage.Of(status, DateTimeOffset.UtcNow).Replace("\n", "\e[K\n", StringComparison.Ordinal) + "\e[J");
            else
                output.WriteLine(ClusterPage.Of(status, DateTimeOffset.UtcNow));
            output.Flush();
        }
        return CannotTell;
    }

    /// <summary>Shows what happened, by time; and goes on with what happens.</summary>
    internal static async Task<int> Events(ClusterAccess access, bool follow, bool json, TextWriter output, TextWriter errors, CancellationToken cancel)
    {
        var (first, end) = access.Keys.Events;
        if (!follow)
        {
            var (_, found) = await EtcdFollower.Read(access.Etcd, first, end, cancel).ConfigureAwait(false);
            Show(found);
            return 0;
        }
        using var follower = new EtcdFollower(access.Etcd, first, end);
        var shown = new Dictionary<string, long>(StringComparer.Ordinal);
        string? told = null;
        while (true)
        {
            var next = await follower.Next(cancel).ConfigureAwait(false);
            if (next.Trouble is { } trouble && trouble != told)
                errors.WriteLine($"actorraid: {trouble}");
            told = next.Trouble;
            Show((next.All ?? []).Concat((next.Changes ?? []).Where(change => change.Type != "DELETE").Select(change => change.Kv!)).Where(IsNew));
            output.Flush();
        }

        // All is told again after a fault.
        bool IsNew(EtcdKeyValue kv)
        {
            var (_, host, number) = access.Keys.Parse(kv.Key);
            if (shown.TryGetValue(host, out var last) && number <= last)
                return false;
            shown[host] = number;
            return true;
        }

        void Show(IEnumerable<EtcdKeyValue> batches)
        {
            foreach (var happened in batches.SelectMany(batch => Decoded(access.Keys, batch, errors)).OrderBy(happened => happened.Event.Time))
                output.WriteLine(json ? JsonSerializer.Serialize(happened, ClusterJson.Default.HostEvent) : ClusterPage.Line(happened));
        }
    }

    /// <summary>Removes a host that is lost. 0: done; 1: not done, and why.</summary>
    internal static async Task<int> Forget(ClusterAccess access, string host, TextWriter output, TextWriter errors, CancellationToken cancel)
    {
        if (!ClusterKeys.IsHost(host))
        {
            errors.WriteLine($"actorraid: \"{Text.Line(host)}\" is no name of a host");
            return 1;
        }
        var (first, end) = access.Keys.EventsOf(host);
        // Only if it does not live: a key that is not there was never changed.
        var reply = await access.Etcd.Txn(
            new EtcdTxnRequest(
                [EtcdCompare.Changed(access.Keys.Live(host), 0)],
                [new EtcdStep(RequestRange: new EtcdRangeRequest(access.Keys.Last(host), KeysOnly: true)), new EtcdStep(RequestDeleteRange: new EtcdDeleteRequest(access.Keys.Last(host))), new EtcdStep(RequestDeleteRange: new EtcdDeleteRequest(first, end))],
                []),
            cancel).ConfigureAwait(false);
        if (!reply.Succeeded)
        {
            errors.WriteLine($"actorraid: {host} lives: end its gateway first (systemctl disable --now actorraid-gateway), and wait until it is shown as lost");
            return 1;
        }
        if (reply.Responses is not [{ ResponseRange.Kvs: { IsDefaultOrEmpty: false } }, ..])
        {
            errors.WriteLine($"actorraid: nothing is kept of {host}; actorraid cluster status shows the hosts that there are");
            return 1;
        }
        output.WriteLine($"{host} is forgotten");
        return 0;
    }

    private static IEnumerable<HostEvent> Decoded(ClusterKeys keys, EtcdKeyValue batch, TextWriter errors)
    {
        var (kind, host, _) = keys.Parse(batch.Key);
        if (kind != KeyKind.Events)
            return [];
        try
        {
            return EntryCodec.DecodeEvents(batch.Value).Select(happened => new HostEvent(host, happened));
        }
        catch (FormatException e)
        {
            errors.WriteLine($"actorraid: events of {host}: {e.Message}");
            return [];
        }
    }
}

/// <summary>The cluster for people.</summary>
internal static class ClusterPage
{
    private const int LongestName = 30;

    /// <summary>A table, worst first, and the sum.</summary>
    internal static string Of(ClusterStatus status, DateTimeOffset now)
    {
        var page = new StringBuilder();
        var width = status.Hosts.Select(host => Math.Min(host.Host.Length, LongestName)).DefaultIfEmpty(4).Max();
        foreach (var host in status.Hosts)
        {
            var state = host.Standing == Standing.Lost ? "LOST" : Words.Of(host.Health);
            page.Append(state.PadRight(11)).Append(host.Host.PadRight(width)).Append("  ").Append(host.Summary);
            if (host.Cut is { } cut)
                page.Append($" (without {Text.Line(cut)})");
            if (host.At is { } at && now != DateTimeOffset.MinValue && (host.Standing == Standing.Lost || host.Health == Health.Unknown))
                page.Append($" ({Words.Duration((long)(now - at).TotalSeconds)} ago)");
            page.Append('\n');
        }
        page.Append(status.Summary);
        if (status.Revision > 0)
            page.Append(CultureInfo.InvariantCulture, $" (revision {status.Revision})");
        page.Append('\n');
        if (status.Trouble is { } trouble)
            page.Append($"This may be out of date: {Text.Line(trouble)}\n");
        return page.ToString();
    }

    /// <summary>An event in a line.</summary>
    internal static string Line(HostEvent happened)
    {
        var one = happened.Event;
        var where = string.Join(' ', new[] { one.Array ?? one.Container, one.Disk }.OfType<string>().Select(Text.Line));
        return $"{one.Time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}  {happened.Host}  {Text.Line(one.Level)}  {(where.Length > 0 ? where + ": " : "")}{Text.Line(one.Text)}";
    }
}
