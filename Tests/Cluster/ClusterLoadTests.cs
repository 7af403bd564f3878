using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ActorRaid.Cluster;
using ActorRaid.Cluster.Etcd;
using ActorRaid.Reporting;
using ActorRaid.Tests.Lab;
using Xunit;
using Xunit.Abstractions;

namespace ActorRaid.Tests.Cluster;

/// <summary>A thousand hosts of eight arrays each, at a real etcd of three members: what <c>deploy/bench --cluster</c> shows.</summary>
public sealed class ClusterLoadTests(ITestOutputHelper output)
{
    private const int Hosts = 1000, Arrays = 8;

    /// <summary>All are there, a change is seen soon also while many others change, and nobody is lost in a storm.</summary>
    [SoakFact]
    public async Task A_thousand_hosts()
    {
        using var servers = await EtcdServers.Start(3);
        using var etcd = new EtcdClient(servers.Options);
        var began = Stopwatch.GetTimestamp();
        var hosts = Enumerable.Range(0, Hosts).Select(number => Running.Host(servers.Options with { CallLimit = TimeSpan.FromSeconds(10) }, Status(number, 0), 30)).ToArray();
        await using var client = Running.Client(servers.Options with { CallLimit = TimeSpan.FromSeconds(10) }, TimeSpan.FromSeconds(10));
        try
        {
            await Until.Seen([client], view => view.Summary == $"{Hosts} hosts: {Hosts} ok", "all live", 120);
            Say("all published and seen by a watcher", Stopwatch.GetElapsedTime(began).TotalSeconds, "s");
            Say("a host in etcd", EntryCodec.Encode(Samples.Entry(Status(0, 0))).Length, "bytes");

            await Phase("one change of each host in 10 s", hosts, client, TimeSpan.FromSeconds(10), 3);
            await Phase("each host changes twice a second, for 10 s", hosts, client, TimeSpan.FromSeconds(0.5), 20);

            var reads = new List<double>();
            for (var read = 0; read < 50; read++)
            {
                began = Stopwatch.GetTimestamp();
                var (header, found) = await EtcdFollower.Read(etcd, new ClusterKeys().States.First, new ClusterKeys().States.End, CancellationToken.None);
                var view = ClusterView.Of(ClusterImage.Empty.Apply(new Followed(header.Revision, All: found), new ClusterKeys()));
                reads.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                Assert.Equal(Hosts, view.Hosts.Length);
            }
            Say("cluster status, read and ordered, p50", Percentile(reads, 50), "ms");
            Say("cluster status, read and ordered, p99", Percentile(reads, 99), "ms");
            using var http = new HttpClient();
            using var reply = await http.PostAsync(new Uri(servers.Endpoint(0), "/v3/maintenance/status"), new StringContent("{}"));
            using var json = JsonDocument.Parse(await reply.Content.ReadAsStringAsync());
            Say("etcd's database, history not compacted", long.Parse(json.RootElement.GetProperty("dbSize").GetString()!, CultureInfo.InvariantCulture) / 1e6, "MB");
            servers.Ctl($"compact {(await etcd.Range(new EtcdRangeRequest(EtcdClientTests.Key("x")), CancellationToken.None)).Header!.Revision}");
            servers.Ctl("defrag --command-timeout=60s");
            using var after = await http.PostAsync(new Uri(servers.Endpoint(0), "/v3/maintenance/status"), new StringContent("{}"));
            using var compacted = JsonDocument.Parse(await after.Content.ReadAsStringAsync());
            Say("etcd's database, compacted and defragmented", long.Parse(compacted.RootElement.GetProperty("dbSize").GetString()!, CultureInfo.InvariantCulture) / 1e6, "MB");
            Assert.DoesNotContain(client.View.Hosts, host => host.Standing == Standing.Lost);
        }
        finally
        {
            await Task.WhenAll(hosts.Select(host => host.DisposeAsync().AsTask()));
        }
    }

    // The change itself says when it was made: in how long each was seen, and how many puts a second that took.
    private async Task Phase(string name, Running[] hosts, Running client, TimeSpan every, int rounds)
    {
        var made = new ConcurrentDictionary<(string Host, string Summary), long>();
        var latencies = new ConcurrentBag<double>();
        using var end = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            ClusterStatus? last = null;
            while (!end.IsCancellationRequested)
            {
                var view = client.View;
                if (!ReferenceEquals(view, last))
                {
                    foreach (var host in view.Hosts)
                    {
                        if (made.TryRemove((host.Host, host.Summary), out var at))
                            latencies.Add(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
                    }
                    last = view;
                }
                await Task.Delay(2);
            }
        });
        var (puts, began) = (hosts.Sum(host => host.Publisher.Report.Puts), Stopwatch.GetTimestamp());
        await Task.WhenAll(hosts.Select(async (host, number) =>
        {
            await Task.Delay(every * (number / (double)Hosts));
            for (var round = 1; round <= rounds; round++)
            {
                var status = Status(number, round);
                made[(status.Host, status.Summary)] = Stopwatch.GetTimestamp();
                host.Publisher.Publish(status, null);
                await Task.Delay(every);
            }
        }));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var done = hosts.Sum(host => host.Publisher.Report.Puts) - puts;
        await Until.Seen([client], view => view.Hosts.All(host => host.Summary.EndsWith($"round {rounds}", StringComparison.Ordinal)), "the last changes", 120);
        await Task.Delay(100);
        await end.CancelAsync();
        await watching;
        Say($"{name}: puts", done / seconds, "per s");
        Say($"{name}: change to watcher, p50", Percentile([.. latencies], 50), "ms");
        Say($"{name}: change to watcher, p99", Percentile([.. latencies], 99), "ms");
        Say($"{name}: changes that a later one overtook", made.Count, $"of {Hosts * rounds}");
        Assert.All(hosts, host => Assert.Null(host.Publisher.Report.Trouble));
    }

    // Health alternates: each is a change that matters.
    private static HostStatus Status(int number, int round)
    {
        var status = Samples.Host($"host{number:D4}", Arrays, round % 2 == 0 ? Health.Ok : Health.Rebuilding);
        return status with { Summary = $"round {round}" };
    }

    private static double Percentile(List<double> values, int percent)
    {
        values.Sort();
        return values.Count == 0 ? double.NaN : values[Math.Min(values.Count - 1, values.Count * percent / 100)];
    }

    private void Say(string what, double value, string unit) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"FIGURE {what,-62} {value,10:0.##} {unit}"));
}
