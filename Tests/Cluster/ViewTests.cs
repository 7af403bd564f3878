using System.Collections.Immutable;
using System.Text;
using ActorRaid.Cluster;
using ActorRaid.Cluster.Etcd;
using ActorRaid.Reporting;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.Cluster;

/// <summary>From keys to what people see.</summary>
public sealed class ViewTests
{
    private static readonly ClusterKeys Keys = new();

    /// <summary>
    /// Any sequence of puts and deletions: following them gives the same image as reading all that is there in the end, and the view has every host once,
    /// worst first, with those that have no sign of life as lost.
    /// </summary>
    [Fact]
    public void Following_is_reading()
    {
        var step = Gen.Zip(Gen.Choose(0, 4), Gen.Zip(Gen.Choose(0, 4), Samples.AnyHealth));
        var property = Prop.ForAll(Gen.ArrayOf(step, 40).ToArbitrary(), steps =>
        {
            var image = ClusterImage.Empty;
            var store = new SortedDictionary<string, EtcdKeyValue>(StringComparer.Ordinal);
            var revision = 1L;
            foreach (var (kind, (number, health)) in steps)
            {
                var host = $"web{number}";
                var key = kind % 2 == 0 ? Keys.Last(host) : Keys.Live(host);
                var isThere = kind < 3;
                var value = kind == 0 ? EntryCodec.Encode(Samples.Entry(Samples.Host(host, 1, health))) : Encoding.ASCII.GetBytes("nonsense");
                var kv = new EtcdKeyValue(key, ++revision, Value: isThere ? value : null);
                if (isThere)
                    store[Encoding.ASCII.GetString(key)] = kv;
                else
                    store.Remove(Encoding.ASCII.GetString(key));
                image = image.Apply(new Followed(revision, Changes: [new EtcdEvent(kv, isThere ? null : "DELETE")]), Keys);
            }
            var read = ClusterImage.Empty.Apply(new Followed(revision, All: [.. store.Values]), Keys);
            var (followed, fresh) = (ClusterView.Of(image), ClusterView.Of(read));
            Assert.Equal(
                fresh.Hosts.Select(host => (host.Host, host.Standing, host.Health, host.Summary)), followed.Hosts.Select(host => (host.Host, host.Standing, host.Health, host.Summary)));
            Assert.Equal(fresh.Summary, followed.Summary);
            Assert.Equal(revision, followed.Revision);
            Assert.Equal(fresh.Hosts.Select(host => host.Health).OrderDescending(), fresh.Hosts.Select(host => host.Health));
            foreach (var host in fresh.Hosts)
            {
                Assert.Equal(host.Standing == Standing.Live, store.ContainsKey($"/actorraid/v1/live/{host.Host}"));
                Assert.True(host.Standing == Standing.Live || host.Health == Health.Unknown);
            }
        });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), property);
    }

    /// <summary>A host that is lost is told with its last state; what cannot be told is never told as well.</summary>
    [Fact]
    public void What_is_not_known_is_not_well()
    {
        var fine = Samples.Entry(Samples.Host("web1"));
        var lying = fine with { Status = fine.Status! with { Containers = Samples.Host("web1", 2, Health.Failed).Containers } };
        var hosts = ImmutableDictionary<string, HostKeys>.Empty
            .Add("lost", new HostKeys(false, fine)).Add("mute", new HostKeys(true)).Add("ill", new HostKeys(true, null, "what etcd has cannot be read: x\u001b[31m"))
            .Add("alone", new HostKeys(true, fine with { Trouble = "nobody listens" })).Add("well", new HostKeys(true, fine)).Add("lying", new HostKeys(true, lying));
        var view = ClusterView.Of(new ClusterImage(7, hosts));
        Assert.Equal(["lying", "lost", "alone", "ill", "mute", "well"], view.Hosts.Select(host => host.Host));
        Assert.Equal("6 hosts: 1 lost, 1 failed, 3 unknown, 1 ok", view.Summary);
        Assert.Contains("LOST; last: 2 arrays, all well", view.Hosts[1].Summary);
        Assert.DoesNotContain('\u001b', view.Hosts[3].Summary);
        Assert.Equal(Health.Failed, view.Health);
        Assert.Equal(5, ClusterView.Unwell(view).Hosts.Length);
        Assert.Equal(Health.Unknown, ClusterView.Of(ClusterImage.Empty).Health);
    }
}
