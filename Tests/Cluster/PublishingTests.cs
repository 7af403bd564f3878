using ActorRaid.Cluster;
using ActorRaid.Reporting;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.Cluster;

/// <summary>What is published when.</summary>
public sealed class PublishingTests
{
    /// <summary>One that mattered is put at once; progress waits, and time alone waits longer.</summary>
    [Fact]
    public void What_matters_goes_first()
    {
        var pace = PublishPace.Default;
        var minute = TimeSpan.FromSeconds(60);
        var was = Samples.Entry(Samples.Host("web1", 4, Health.Rebuilding, 0.1));
        var further = Samples.Entry(Samples.Host("web1", 4, Health.Rebuilding, 0.2) with { At = Samples.Noon.AddSeconds(5) });
        var later = was with { At = Samples.Noon.AddSeconds(5), Status = was.Status! with { At = Samples.Noon.AddSeconds(5) } };
        var degraded = Samples.Entry(Samples.Host("web1", 4, Health.Degraded));
        Assert.Equal(TimeSpan.Zero, Publishing.Due(was, null, TimeSpan.Zero, pace));
        Assert.Equal(TimeSpan.Zero, Publishing.Due(degraded, was, TimeSpan.FromSeconds(1), pace));
        Assert.Equal(pace.Change, Publishing.Due(degraded, was, TimeSpan.Zero, pace));
        Assert.Equal(pace.Progress, Publishing.Due(further, was, TimeSpan.Zero, pace));
        Assert.Equal(pace.Refresh - minute, Publishing.Due(later, was, minute, pace));
        Assert.Equal(pace.Refresh - minute, Publishing.Due(was, was, minute, pace));
        Assert.Equal(TimeSpan.Zero, Publishing.Due(was with { Trouble = "the daemon is not there" }, was, TimeSpan.FromSeconds(1), pace));
    }

    /// <summary>
    /// Any storm of changes, at any times: never more puts than the pace allows, and in the end what is there is what was wanted last.
    /// </summary>
    [Fact]
    public void Storms_are_coalesced()
    {
        var change = Gen.Zip(Gen.Choose(0, 400), Gen.Zip(Samples.AnyHealth, Gen.Choose(0, 3)));
        var property = Prop.ForAll(Gen.ArrayOf(change, 80).ToArbitrary(), changes =>
        {
            var pace = PublishPace.Default;
            HostEntry? wanted = null, published = null;
            var (now, putAt, puts) = (TimeSpan.Zero, TimeSpan.Zero, 0);
            foreach (var (pause, (health, done)) in changes)
            {
                Until(now + TimeSpan.FromMilliseconds(pause));
                wanted = Samples.Entry(Samples.Host("web1", 2, health, done / 4.0));
            }
            var ended = now;
            Until(now + pace.Progress + pace.Change);
            Assert.True(Publishing.Same(wanted!, published!));
            Assert.True(puts <= 2 + (now / pace.Change), $"{puts} puts in {ended}");

            void Until(TimeSpan end)
            {
                while (wanted is not null && Publishing.Due(wanted, published, now - putAt, pace) is var due && now + due <= end)
                {
                    now += due;
                    (published, putAt, puts) = (wanted, now, puts + 1);
                }
                now = end;
            }
        });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(50), property);
    }

    /// <summary>Pauses grow, never beyond five seconds, and are never none.</summary>
    [Fact]
    public void Pauses_grow()
    {
        Prop.ForAll(Gen.Zip(Gen.Choose(1, 1_000_000), Gen.Choose(0, 1000)).ToArbitrary(), pair =>
        {
            var pause = Publishing.Backoff(pair.Item1, pair.Item2 / 1000.0);
            Assert.InRange(pause, TimeSpan.FromMilliseconds(125), TimeSpan.FromSeconds(5));
            Assert.True(Publishing.Backoff(pair.Item1 + 1, pair.Item2 / 1000.0) >= pause);
        }).Check(Config.QuickThrowOnFailure);
    }
}
