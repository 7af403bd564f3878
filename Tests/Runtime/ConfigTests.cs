using Akka.Configuration;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>The part of HOCON that is known.</summary>
public sealed class ConfigTests
{
    private static readonly Config Sample = ConfigurationFactory.ParseString("""
        # a comment
        akka.loglevel = DEBUG   // another
        akka {
          actor {
            "default-dispatcher" { throughput : 30, name = "with = signs # and } braces" }
            retries = -5
          }
          on = on
          actor.timeout = 1s
        }
        short { ms = 250ms, plain = 40, long = infinite }
        akka.loglevel = ERROR
        """);

    [Fact]
    public void Values_are_found_by_their_dotted_path()
    {
        Assert.Equal("with = signs # and } braces", Sample.GetString("akka.actor.default-dispatcher.name"));
        Assert.Equal(30, Sample.GetInt("akka.actor.default-dispatcher.throughput"));
        Assert.Equal(-5, Sample.GetInt("akka.actor.retries"));
        Assert.True(Sample.GetBoolean("akka.on"));
        Assert.Equal(TimeSpan.FromSeconds(1), Sample.GetTimeSpan("akka.actor.timeout"));
        Assert.Equal(TimeSpan.FromMilliseconds(250), Sample.GetTimeSpan("short.ms"));
        Assert.Equal(TimeSpan.FromMilliseconds(40), Sample.GetTimeSpan("short.plain"));
        Assert.Equal(Timeout.InfiniteTimeSpan, Sample.GetTimeSpan("short.long"));
    }

    [Fact]
    public void The_later_value_wins() => Assert.Equal("ERROR", Sample.GetString("akka.loglevel"));

    [Fact]
    public void What_is_not_there_gives_the_default()
    {
        Assert.Null(Sample.GetString("akka.nothing"));
        Assert.Equal("x", Sample.GetString("akka.nothing", "x"));
        Assert.Equal(7, Sample.GetInt("akka.nothing", 7));
        Assert.False(Sample.HasPath("akka.nothing"));
        Assert.True(Sample.HasPath("akka.actor"));
        Assert.False(Sample.HasPath("akka.act"));
        Assert.True(ConfigurationFactory.Empty.IsEmpty);
    }

    [Fact]
    public void A_section_is_a_configuration_of_its_own() =>
        Assert.Equal(30, Sample.GetConfig("akka.actor").GetInt("default-dispatcher.throughput"));

    [Fact]
    public void A_fallback_gives_what_is_missing_and_nothing_else()
    {
        var both = Sample.WithFallback(ConfigurationFactory.ParseString("akka { loglevel = INFO, more = true }"));

        Assert.Equal("ERROR", both.GetString("akka.loglevel"));
        Assert.True(both.GetBoolean("akka.more"));
        Assert.Equal(30, both.GetInt("akka.actor.default-dispatcher.throughput"));
    }

    [Fact]
    public void A_number_that_is_none_is_refused() =>
        Assert.ThrowsAny<Exception>(() => ConfigurationFactory.ParseString("a = many").GetInt("a"));
}
