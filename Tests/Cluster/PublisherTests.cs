using ActorRaid.Cluster;
using ActorRaid.Cluster.Etcd;
using ActorRaid.Reporting;
using Xunit;
using Xunit.Abstractions;

namespace ActorRaid.Tests.Cluster;

/// <summary>A host that publishes to a real etcd, to which things happen.</summary>
public sealed class PublisherTests(ITestOutputHelper output)
{
    /// <summary>A change is seen, a storm costs few puts, a host that dies is lost with its last state, and one that comes back lives.</summary>
    [Fact]
    public async Task Publishes_and_is_lost()
    {
        using var servers = await EtcdServers.Start();
        await using var client = Running.Client(servers.Options);
        await using (var host = Running.Host(servers.Options, Samples.Host("web1")))
        {
            await Until.Seen([client], view => view.Summary == "1 host: 1 ok", "it lives");
            host.Publisher.Publish(Samples.Host("web1", health: Health.Degraded), null);
            output.WriteLine($"a change was seen after {await Until.Seen([client], view => view.Summary == "1 host: 1 degraded", "degraded"):0.000} s");

            var puts = host.Publisher.Report.Puts;
            for (var change = 0; change < 1000; change++)
            {
                host.Publisher.Publish(Samples.Host("web1", health: change % 2 == 0 ? Health.Failed : Health.Ok, arrays: 1 + change % 7), null);
                if (change % 10 == 0)
                    await Task.Delay(10);
            }
            host.Publisher.Publish(Samples.Host("web1", 3, Health.Rebuilding), null);
            await Until.Seen([client], view => view.Hosts is [{ Health: Health.Rebuilding }], "the last change");
            Assert.InRange(host.Publisher.Report.Puts - puts, 1, 10);

            host.Publisher.Publish(Samples.Host("web1"), "nobody listens");
            await Until.Seen([client], view => view.Hosts is [{ Health: Health.Unknown, Standing: Standing.Live }], "its daemon is not there");
        }
        var lost = await Until.Seen([client], view => view.Hosts is [{ Standing: Standing.Lost, Status: not null }], "it is lost");
        output.WriteLine($"a host that died was lost after {lost:0.0} s, its lease being 2 s");
        await using var back = Running.Host(servers.Options, Samples.Host("web1"));
        await Until.Seen([client], view => view.Hosts is [{ Standing: Standing.Live, Health: Health.Ok }], "it is back");
    }

    /// <summary>etcd is killed, frozen, and loses everything: each is told, and each ends by itself.</summary>
    [Fact]
    public async Task Comes_back_by_itself()
    {
        using var servers = await EtcdServers.Start();
        await using var host = Running.Host(servers.Options, Samples.Host("web1"));
        await using var client = Running.Client(servers.Options);
        await Until.Seen([client], view => view.Summary == "1 host: 1 ok", "it lives");

        servers.Kill(0);
        await Until.Seconds(() => host.Publisher.Report is { Published: false, Trouble: not null } && client.View.Trouble is not null, "etcd is gone");
        Assert.Equal("1 host: 1 ok", client.View.Summary);
        host.Publisher.Publish(Samples.Host("web1", health: Health.Degraded), null);
        servers.StartMember(0);
        output.WriteLine($"etcd was back: {await Until.Seen([client], view => view.Summary == "1 host: 1 degraded", "the change during the outage"):0.0} s");
        await Until.Seconds(() => host.Publisher.Report is { Published: true, Trouble: null }, "nothing is wrong any more");

        servers.Freeze(0, true);
        await Until.Seconds(() => host.Publisher.Report.Trouble is not null && client.View.Trouble is not null, "etcd is frozen");
        servers.Freeze(0, false);
        await Until.Seen([client], view => view.Summary == "1 host: 1 degraded", "it goes on");

        servers.Kill(0);
        servers.Wipe(0);
        servers.StartMember(0);
        await Until.Seen([client], view => view.Summary == "1 host: 1 degraded" && view.Revision < 10, "etcd began anew");
        Assert.True(client.Troubles > 0);
    }

    /// <summary>etcd has no space left: that is told, the host lives on, and when there is space again it goes on.</summary>
    [Fact]
    public async Task Etcd_is_full()
    {
        using var servers = await EtcdServers.Start(1, "http", "--quota-backend-bytes", "8000000");
        await using var host = Running.Host(servers.Options, Samples.Host("web1"));
        await using var client = Running.Client(servers.Options);
        await Until.Seen([client], view => view.Summary == "1 host: 1 ok", "it lives");
        using var etcd = new EtcdClient(servers.Options);
        var full = await EtcdClientTests.Fault(async () =>
        {
            for (var put = 0; put < 20; put++)
                await EtcdClientTests.Put(etcd, EtcdClientTests.Key("x"), new string('x', 1_000_000));
        });
        Assert.Equal(EtcdFault.NoSpace, full.Fault);
        host.Publisher.Publish(Samples.Host("web1", health: Health.Degraded), null);
        await Until.Seconds(() => host.Publisher.Report.Trouble?.Contains("space", StringComparison.Ordinal) == true, "it is told", found: () => $"{host.Publisher.Report}");
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.Equal("1 host: 1 ok", client.View.Summary);

        var revision = (await etcd.Delete(new EtcdDeleteRequest(EtcdClientTests.Key("x")), CancellationToken.None)).Header!.Revision;
        servers.Ctl($"compact {revision}");
        servers.Ctl("defrag");
        servers.Ctl("alarm disarm");
        await Until.Seen([client], view => view.Summary == "1 host: 1 degraded", "there is space again");
    }

    /// <summary>Two machines of one name do not overwrite each other: the second is told.</summary>
    [Fact]
    public async Task Two_of_a_name()
    {
        using var servers = await EtcdServers.Start();
        await using var client = Running.Client(servers.Options);
        await using (var first = Running.Host(servers.Options, Samples.Host("web1"), machine: "a"))
        {
            await Until.Seen([client], view => view.Summary == "1 host: 1 ok", "it lives");
            await using var second = Running.Host(servers.Options, Samples.Host("web1", health: Health.Failed), machine: "b");
            await Until.Seconds(() => second.Publisher.Report.Trouble?.Contains("another machine publishes as web1", StringComparison.Ordinal) == true, "it is told");
            Assert.Equal("1 host: 1 ok", client.View.Summary);
            await first.DisposeAsync();
            await Until.Seen([client], view => view.Summary == "1 host: 1 failed", "the other one may when the first is gone");
        }
    }

    /// <summary>Events arrive in order and once, the oldest go, and their number goes on after a restart.</summary>
    [Fact]
    public async Task Events_are_kept_in_order()
    {
        using var servers = await EtcdServers.Start();
        using var etcd = new EtcdClient(servers.Options);
        var keys = new ClusterKeys();
        for (var life = 0; life < 2; life++)
        {
            await using var host = Running.Host(servers.Options, Samples.Host("web1"));
            for (var number = 0; number < 250; number++)
                host.Publisher.Publish(Samples.Event(life * 250 + number));
            await Until.Seconds(() => Read().Result.Length == (life + 1) * 250, "all are there", found: () => $"{Read().Result.Length}");
        }
        Assert.Equal(Enumerable.Range(0, 500).Select(number => (long)number), (await Read()).Select(happened => happened.Sequence));

        async Task<EventStatus[]> Read()
        {
            var (_, found) = await EtcdFollower.Read(etcd, keys.Events.First, keys.Events.End, CancellationToken.None);
            return [.. found.SelectMany(kv => EntryCodec.DecodeEvents(kv.Value))];
        }
    }
}
