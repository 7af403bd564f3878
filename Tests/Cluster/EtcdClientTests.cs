using System.Text;
using ActorRaid.Cluster.Etcd;
using Xunit;

namespace ActorRaid.Tests.Cluster;

/// <summary>The client against a real etcd.</summary>
public sealed class EtcdClientTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>Transactions, ranges, leases and watches, and what they tell when something is not so.</summary>
    [Fact]
    public async Task Says_what_etcd_understands()
    {
        using var servers = await EtcdServers.Start();
        using var etcd = new EtcdClient(servers.Options);
        var (a, b) = (Key("a"), Key("b"));

        var empty = await etcd.Range(new EtcdRangeRequest(a, Key("z")), None);
        Assert.Equal(0, empty.Count);
        using var watch = await etcd.Watch(new EtcdWatchCreate(a, Key("z"), empty.Header!.Revision + 1), None);

        var lease = await etcd.Grant(2, None);
        var put = await Put(etcd, a, "one", lease, EtcdCompare.Changed(a, 0));
        Assert.True(put.Succeeded);
        Assert.False((await Put(etcd, a, "two", 0, EtcdCompare.Changed(a, 0))).Succeeded);
        Assert.True((await Put(etcd, b, "two", 0, EtcdCompare.LeasedBy(a, lease))).Succeeded);
        Assert.False((await Put(etcd, b, "three", 0, EtcdCompare.LeasedBy(b, lease))).Succeeded);

        var both = await etcd.Range(new EtcdRangeRequest(a, Key("z")), None);
        Assert.Equal(["a=one", "b=two"], both.Kvs!.Value.Select(Shown));
        Assert.Equal(lease, both.Kvs!.Value[0].Lease);
        Assert.Equal(["b="], (await etcd.Range(new EtcdRangeRequest(a, Key("z"), Limit: 1, SortOrder: "DESCEND", KeysOnly: true), None)).Kvs!.Value.Select(Shown));
        var newer = await etcd.Range(new EtcdRangeRequest(a, Key("z"), MinModRevision: both.Header!.Revision), None);
        Assert.Equal((2, "b=two"), (newer.Count, Shown(newer.Kvs!.Value.Single())));
        Assert.Equal(["a=one", "b=two"], [Shown(await NextEvent(watch)), Shown(await NextEvent(watch))]);

        Assert.True(await etcd.KeepAlive(lease, None));
        var died = await NextEvent(watch);
        Assert.Equal("a=", Shown(died));
        Assert.False(await etcd.KeepAlive(lease, None));
        Assert.Equal(EtcdFault.NotFound, (await Fault(() => Put(etcd, a, "late", lease))).Fault);

        Assert.Equal(1, (await etcd.Delete(new EtcdDeleteRequest(a, Key("z")), None)).Deleted);
        servers.Ctl("compact 5");
        Assert.Equal(EtcdFault.Compacted, (await Fault(() => etcd.Range(new EtcdRangeRequest(a, Revision: 2), None))).Fault);
        using var late = await etcd.Watch(new EtcdWatchCreate(a, Key("z"), 2), None);
        Assert.Equal(EtcdFault.Compacted, (await Fault(() => late.Next(None))).Fault);
        var large = await Fault(() => Put(etcd, a, new string('x', 2 << 20)));
        Assert.True(large.Fault is EtcdFault.NoSpace or EtcdFault.Refused, large.Message);
    }

    /// <summary>When one endpoint is dead or frozen, the next is asked; when all are, that is told, and within the limits.</summary>
    [Fact]
    public async Task Goes_to_the_next_endpoint()
    {
        using var servers = await EtcdServers.Start();
        var dead = new Uri($"http://127.0.0.1:{EtcdServers.FreePort()}");
        using var etcd = new EtcdClient(servers.Options with { Endpoints = [dead, servers.Endpoint(0)], CallLimit = TimeSpan.FromSeconds(1) });
        for (var again = 0; again < 3; again++)
            await etcd.Range(new EtcdRangeRequest(Key("a")), None);
        Assert.Equal(servers.Endpoint(0), etcd.Endpoint);
        servers.Freeze(0, true);
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        var fault = await Fault(() => etcd.Range(new EtcdRangeRequest(Key("a")), None));
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds, 0.5, 5);
        Assert.Contains("none of the other", fault.Message);
        servers.Freeze(0, false);
        await etcd.Range(new EtcdRangeRequest(Key("a")), None);
    }

    internal static byte[] Key(string text) => Encoding.ASCII.GetBytes(text);

    internal static Task<EtcdTxnReply> Put(EtcdClient etcd, byte[] key, string value, long lease = 0, params EtcdCompare[] when) =>
        etcd.Txn(new EtcdTxnRequest([.. when], [new EtcdStep(new EtcdPutRequest(key, Encoding.UTF8.GetBytes(value), lease))], []), None);

    internal static async Task<EtcdException> Fault(Func<Task> act) => await Assert.ThrowsAsync<EtcdException>(act);

    private static string Shown(EtcdKeyValue kv) => $"{Encoding.ASCII.GetString(kv.Key)}={Encoding.ASCII.GetString(kv.Value ?? [])}";

    // Events come one at a time here, or several in one answer.
    private readonly Queue<EtcdEvent> _events = new();

    private async Task<EtcdKeyValue> NextEvent(EtcdWatch watch)
    {
        while (_events.Count == 0)
        {
            foreach (var change in (await watch.Next(None).WaitAsync(TimeSpan.FromSeconds(10))).Events ?? [])
                _events.Enqueue(change);
        }
        return _events.Dequeue().Kv!;
    }
}
