using ActorRaid.Actors;
using ActorRaid.Reporting;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;
using Serilog;
using Serilog.Events;
using Serilog.Parsing;

namespace ActorRaid.Host.Logging;

/// <summary>
/// Where the actors' events go: into a bounded ring, from which a thread of its own feeds Serilog. Writing costs a few
/// instructions and at most one write to an eventfd, and never waits: what does not fit is dropped, counted, and told.
/// </summary>
internal sealed unsafe class EventLog : IEventSink, IDisposable
{
    /// <summary>How long an event waits before the log, hooks and status get it.</summary>
    private static readonly TimeSpan Courtesy = TimeSpan.FromMilliseconds(20);

    /// <summary>How many events may wait.</summary>
    internal const int Capacity = 4096;

    private static readonly MessageTemplate Template = new MessageTemplateParser().Parse("{Text:l}");

    private readonly EventRing _ring = new(Capacity);
    private readonly ILogger _logger;
    private readonly int _wake;
    private readonly Thread _thread;
    private long _dropped;
    private long _written;
    private int _sleeping;
    private volatile bool _ending;

    /// <summary>Starts the thread. The logger is the caller's to dispose, after this.</summary>
    internal EventLog(ILogger logger)
    {
        _logger = logger;
        _wake = Native.EventFd(0, Native.EventFdCloseOnExec);
        if (_wake < 0)
            throw new IOException(KernelError.Last("the log", "eventfd for").ToString());
        _thread = new Thread(Drain, 256 * 1024) { IsBackground = true, Name = "log" };
        _thread.Start();
    }

    /// <summary>How many events were dropped so far.</summary>
    internal long Dropped => Volatile.Read(ref _dropped);

    /// <summary>How many events were handed to the logger so far.</summary>
    internal long Written => Volatile.Read(ref _written);

    /// <summary>All that was written has been handed on: the thread sleeps.</summary>
    internal bool IsAtRest => Volatile.Read(ref _sleeping) == 1;

    /// <summary>The latest events.</summary>
    internal History History { get; } = new();

    /// <inheritdoc/>
    public void Write(RaidEvent e)
    {
        if (!_ring.TryWrite(e))
        {
            Interlocked.Increment(ref _dropped);
            return;
        }
        // Pairs with the barrier in Drain: either we see the reader asleep, or it sees our event.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _sleeping) == 1 && Interlocked.Exchange(ref _sleeping, 0) == 1)
            Wake();
    }

    /// <summary>An event of the host's own.</summary>
    internal void Write(EventLevel level, string kind, string text, string? container = null) =>
        Write(new RaidEvent(DateTimeOffset.Now, level, kind, container, null, null, text));

    /// <summary>Writes what waits, for at most two seconds, and ends the thread.</summary>
    public void Dispose()
    {
        _ending = true;
        Wake();
        if (_thread.Join(TimeSpan.FromSeconds(2)))
            Syscall.close(_wake);
    }

    /// <summary>An event as Serilog wants it: the text as message, everything else as properties.</summary>
    internal static LogEvent ToLogEvent(RaidEvent e)
    {
        var properties = new List<LogEventProperty>(5)
        {
            new("Text", new ScalarValue(e.Text)),
            new("Event", new ScalarValue(e.Kind)),
        };
        if (e.Container is not null)
            properties.Add(new LogEventProperty("Container", new ScalarValue(e.Container)));
        if (e.Array is not null)
            properties.Add(new LogEventProperty("Array", new ScalarValue(e.Array)));
        if (e.Disk is not null)
            properties.Add(new LogEventProperty("Disk", new ScalarValue(e.Disk)));
        if (e.Detail is { } detail)
        {
            foreach (var (name, value) in new (string, object?)[] { ("Cause", detail.Cause), ("Wrote", detail.Wrote), ("Microseconds", detail.Microseconds), ("From", detail.From), ("To", detail.To) })
            {
                if (value is not null)
                    properties.Add(new LogEventProperty(name, new ScalarValue(value)));
            }
        }
        return new LogEvent(e.Time, LevelOf(e.Level), null, Template, properties);
    }

    /// <summary>An event as it may leave for journals, terminals, hooks and clients: names in it are whatever is on disks. Line ends become spaces.</summary>
    internal static RaidEvent AsShown(RaidEvent e)
    {
        return e with
        {
            Container = Shown(e.Container),
            Array = Shown(e.Array),
            Disk = Shown(e.Disk),
            Text = Shown(e.Text)!,
            Detail = e.Detail is { } detail ? detail with { Cause = Shown(detail.Cause), Wrote = Shown(detail.Wrote), From = Shown(detail.From), To = Shown(detail.To) } : null,
        };

        static string? Shown(string? text) => text is null ? null : Printable.Of(text.ReplaceLineEndings(" "));
    }

    private static LogEventLevel LevelOf(EventLevel level) => level switch
    {
        EventLevel.Debug => LogEventLevel.Debug,
        EventLevel.Info => LogEventLevel.Information,
        EventLevel.Warning => LogEventLevel.Warning,
        _ => LogEventLevel.Error,
    };

    private void Wake()
    {
        ulong one = 1;
        Syscall.write(_wake, &one, sizeof(ulong));
    }

    private void Drain()
    {
        long told = 0;
        while (true)
        {
            while (_ring.TryRead() is { } e)
                Hand(AsShown(e));
            var dropped = Dropped;
            if (dropped != told)
            {
                History.Missed(dropped - told);
                Hand(new RaidEvent(DateTimeOffset.Now, EventLevel.Warning, "events-dropped", null, null, null,
                    $"{dropped - told} events were dropped: they came faster than they could be written"));
                told = dropped;
                continue;
            }
            if (_ending)
                return;
            Volatile.Write(ref _sleeping, 1);
            Interlocked.MemoryBarrier();
            if (_ring.TryRead() is { } late)
            {
                Volatile.Write(ref _sleeping, 0);
                Hand(AsShown(late));
                continue;
            }
            ulong count;
            Syscall.read(_wake, &count, sizeof(ulong));
            Volatile.Write(ref _sleeping, 0);
            // Writers may wait for what the event came from: they come first, where there are few processors.
            if (!_ending)
                Thread.Sleep(Courtesy);
        }
    }

    private void Hand(RaidEvent e)
    {
        // Serilog swallows what a sink throws (and tells SelfLog), so this thread goes on.
        _logger.Write(ToLogEvent(e));
        History.Add(e);
        Interlocked.Increment(ref _written);
    }
}
