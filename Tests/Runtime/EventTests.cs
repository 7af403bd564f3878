using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>The event stream and logging.</summary>
public sealed class EventTests : RuntimeTest
{
    [Fact]
    public void Events_go_to_who_subscribed_to_their_type_or_one_above_once()
    {
        var (exact, above, other) = (NewProbe(), NewProbe(), NewProbe());
        Assert.True(System.EventStream.Subscribe(exact.Ref, typeof(ArgumentNullException)));
        Assert.False(System.EventStream.Subscribe(exact.Ref, typeof(ArgumentNullException)));
        System.EventStream.Subscribe(above.Ref, typeof(Exception));
        System.EventStream.Subscribe(above.Ref, typeof(ArgumentException));
        System.EventStream.Subscribe(other.Ref, typeof(string));
        var e = new ArgumentNullException();
        System.EventStream.Publish(e);

        exact.Expect(e);
        above.Expect(e);
        exact.ExpectNothingMore();
        above.ExpectNothingMore();
        other.ExpectNothingMore();
    }

    [Fact]
    public void Who_unsubscribed_gets_nothing()
    {
        var probe = NewProbe();
        System.EventStream.Subscribe<string>(probe.Ref);
        System.EventStream.Subscribe<Version>(probe.Ref);
        Assert.True(System.EventStream.Unsubscribe<string>(probe.Ref));
        System.EventStream.Publish("not this");
        System.EventStream.Publish(new Version(1, 2));
        probe.Expect(new Version(1, 2));
        Assert.True(System.EventStream.Unsubscribe(probe.Ref));
        System.EventStream.Publish(new Version(3, 4));

        probe.ExpectNothingMore();
    }

    [Fact]
    public void An_actor_logs_under_its_path_with_text_and_cause()
    {
        var probe = NewProbe();
        System.EventStream.Subscribe<Warning>(probe.Ref);
        System.EventStream.Subscribe<Info>(probe.Ref);
        var cause = new InvalidOperationException("cause");
        var actor = System.ActorOf(new Script().Props, "logs");
        actor.Tell((Action<Player>)(me =>
        {
            me.Cell.GetLogger().Warning(cause, "disk {0} of {1}", "sda", 4);
            me.Cell.GetLogger().Info("plain");
        }));

        var warning = probe.Next<Warning>();
        Assert.Equal(("disk sda of 4", cause, LogLevel.WarningLevel), (warning.Message.ToString(), warning.Cause, warning.LogLevel()));
        Assert.Equal(actor.Path.ToString(), warning.LogSource);
        Assert.Equal("plain", probe.Next<Info>().Message.ToString());
        Assert.Contains("disk sda of 4", warning.ToString());
    }

    [Fact]
    public void Every_level_is_published_as_its_own_type()
    {
        var probe = NewProbe();
        var log = Logging.GetLogger(System, "source");
        System.EventStream.Subscribe<LogEvent>(probe.Ref);
        log.Debug("{0}", 1);
        log.Info("{0} {1}", 1, 2);
        log.Warning("{0} {1} {2}", 1, 2, 3);
        log.Error("{0} {1} {2} {3}", 1, 2, 3, 4);

        Assert.Equal("1", Next<Debug>());
        Assert.Equal("1 2", Next<Info>());
        Assert.Equal("1 2 3", Next<Warning>());
        Assert.Equal("1 2 3 4", Next<Error>());

        string Next<T>()
            where T : LogEvent
        {
            while (true)
            {
                var next = (LogEvent)probe.Next();
                if (next.LogSource.StartsWith("source", StringComparison.Ordinal))
                {
                    return Assert.IsType<T>(next).Message.ToString()!;
                }
            }
        }
    }

    [Fact]
    public async Task Levels_below_the_configured_one_are_off()
    {
        var system = ActorSystem.Create("quiet", ConfigurationFactory.ParseString("akka.loglevel = WARNING"));
        var log = Logging.GetLogger(system, "source");

        Assert.Equal(
            (false, false, true, true), (log.IsDebugEnabled, log.IsInfoEnabled, log.IsWarningEnabled, log.IsErrorEnabled));
        Assert.False(log.IsEnabled(LogLevel.InfoLevel));
        await system.Terminate().WaitAsync(Limit);
    }
}
