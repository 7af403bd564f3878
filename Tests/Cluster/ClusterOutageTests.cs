using ActorRaid.Cluster;
using ActorRaid.Reporting;
using Xunit;
using Xunit.Abstractions;

namespace ActorRaid.Tests.Cluster;

/// <summary>Three etcd members, twelve hosts, a client at each.</summary>
public sealed class ClusterOutageTests(ITestOutputHelper output)
{
    /// <summary>A follower, the leader, and a majority die and come back, and three hosts die: every client's view converges each time.</summary>
    [Fact]
    public async Task Every_view_converges()
    {
        using var servers = await EtcdServers.Start(3);
        var hosts = Enumerable.Range(0, 12).Select(number => Running.Host(servers.Options, Samples.Host($"web{number:D2}", 4), 3)).ToArray();
        var clients = hosts.Select(_ => Running.Client(servers.Options)).ToArray();
        try
        {
            Told("all live", await Until.Seen(clients, view => view.Summary == "12 hosts: 12 ok", "all live"));

            var leader = await servers.Leader();
            var other = (leader + 1) % 3;
            servers.Kill(other);
            Change(0, Health.Degraded);
            Told("one member killed, a change seen by all", await Until.Seen(clients, view => view.Summary == "12 hosts: 1 degraded, 11 ok", "one member killed"));
            servers.StartMember(other);
            await Task.Delay(2000);

            leader = await servers.Leader();
            servers.Kill(leader);
            Change(1, Health.Rebuilding);
            Told("the leader killed, a change seen by all", await Until.Seen(clients, view => view.Summary == "12 hosts: 1 degraded, 1 rebuilding, 10 ok", "the leader killed"));

            other = (leader + 1) % 3;
            servers.Kill(other);
            Told("a majority killed, told by all", await Until.Seconds(
                () => clients.All(client => client.View.Trouble is not null) && hosts.All(host => !host.Publisher.Report.Published), "a majority killed"));
            Assert.All(clients, client => Assert.Equal("12 hosts: 1 degraded, 1 rebuilding, 10 ok", client.View.Summary));
            Change(2, Health.Failed);
            servers.StartMember(leader);
            servers.StartMember(other);
            Told("the majority back, a change during the outage seen by all", await Until.Seen(
                clients, view => view.Summary == "12 hosts: 1 failed, 1 degraded, 1 rebuilding, 9 ok", "the majority back"));
            Told("nobody reports trouble any more", await Until.Seconds(() => hosts.All(host => host.Publisher.Report is { Published: true }), "all publish"));

            await Task.WhenAll(hosts[9..].Select(host => host.DisposeAsync().AsTask()));
            Told("three hosts died, lost for all (lease 3 s)", await Until.Seen(
                clients, view => view.Summary == "12 hosts: 3 lost, 1 failed, 1 degraded, 1 rebuilding, 6 ok", "three hosts died"));
            Assert.All(clients, client => Assert.Equal(["web02", "web09", "web10", "web11", "web00", "web01"], client.View.Hosts.Take(6).Select(host => host.Host)));
            Assert.All(clients, client => Assert.All(client.View.Hosts.Where(host => host.Standing == Standing.Lost), host => Assert.NotNull(host.Status)));
        }
        finally
        {
            foreach (var running in clients.Concat(hosts[..9]))
                await running.DisposeAsync();
        }

        void Change(int host, Health health) => hosts[host].Publisher.Publish(Samples.Host($"web{host:D2}", 4, health), null);
        void Told(string what, double seconds) => output.WriteLine($"{seconds,6:0.00} s  {what}");
    }
}
