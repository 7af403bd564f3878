using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using ActorRaid.Actors;
using ActorRaid.Host.Logging;
using ActorRaid.SysfsIo;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Xunit;

namespace ActorRaid.Tests.Host;

public sealed class LoggingTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2024, 5, 6, 12, 0, 0, 7, TimeSpan.FromHours(2));
    private static readonly RaidEvent Dirty = new(Noon, EventLevel.Info, "array-dirty", "md127", "md126", null, "md126 is being written");

    private readonly TempDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Journald_gets_one_datagram_with_a_field_for_everything()
    {
        using var journald = Journald(out var path);
        using var logger = new LoggerConfiguration().WriteTo.Journald(path: path).CreateLogger();
        logger.Write(EventLog.ToLogEvent(Dirty));
        Assert.Equal(
            "MESSAGE=md126 is being written\nPRIORITY=6\nSYSLOG_IDENTIFIER=actorraid\nEVENT=array-dirty\nCONTAINER=md127\nARRAY=md126\n",
            Encoding.UTF8.GetString(Receive(journald)));
    }

    [Fact]
    public void A_value_of_several_lines_goes_in_the_binary_form()
    {
        using var journald = Journald(out var path);
        using var logger = new LoggerConfiguration().WriteTo.Journald(path: path).CreateLogger();
        logger.Write(EventLog.ToLogEvent(Dirty with { Text = "one\ntwö", Level = EventLevel.Error, Disk = "sda" }));
        var bytes = Receive(journald);
        Assert.True(bytes.AsSpan().StartsWith("MESSAGE\n"u8));
        Assert.Equal(8UL, BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)));
        Assert.Equal("one\ntwö\nPRIORITY=3\n", Encoding.UTF8.GetString(bytes, 16, 20));
        Assert.EndsWith("ARRAY=md126\nDISK=sda\n", Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_journald_that_does_not_read_costs_events_but_never_hangs_and_is_told_how_many()
    {
        using var journald = Journald(out var path);
        using var sink = new JournaldSink(UnixDatagram.Open(path).Value, TimeSpan.FromMilliseconds(5));
        var e = EventLog.ToLogEvent(Dirty);
        for (var i = 0; i < 5000 && sink.Lost < 3; i++)
            sink.Emit(e);
        Assert.Equal(3, sink.Lost);
        while (journald.Available > 0)
            Receive(journald);
        sink.Emit(e);
        Assert.EndsWith("ACTORRAID_LOST=3\n", Encoding.UTF8.GetString(Receive(journald)), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_journald_nothing_fails()
    {
        using var logger = new LoggerConfiguration().WriteTo.Journald(path: $"{_root.Path}/none").CreateLogger();
        logger.Write(EventLog.ToLogEvent(Dirty));
        using var sink = new JournaldSink(UnixDatagram.Open($"{_root.Path}/none").Value, TimeSpan.FromSeconds(30));
        sink.Emit(EventLog.ToLogEvent(Dirty));
        Assert.Equal(1, sink.Lost);
    }

    [Fact]
    public void The_file_gets_one_line_for_each_event_behind_what_it_held()
    {
        var path = _root.Make("log", "before\n");
        using (var logger = new LoggerConfiguration().MinimumLevel.Debug().WriteTo.Sink(new LineFileSink(path)).CreateLogger())
        {
            logger.Write(EventLog.ToLogEvent(Dirty));
            logger.Write(EventLog.ToLogEvent(new RaidEvent(Noon, EventLevel.Debug, "note", null, null, null, "a\nb")));
        }
        Assert.Equal(
            ["before",
             "2024-05-06T12:00:00.007+02:00 info array-dirty md127/md126 md126 is being written",
             "2024-05-06T12:00:00.007+02:00 debug note - a b"],
            File.ReadAllLines(path));
    }

    [Fact]
    public void Two_that_write_to_one_file_overwrite_nothing_of_each_other()
    {
        var path = $"{_root.Path}/log";
        using var one = new LineFileSink(path);
        using var other = new LineFileSink(path);
        for (var i = 0; i < 100; i++)
            (i % 3 == 0 ? one : other).Emit(EventLog.ToLogEvent(Dirty with { Text = $"{i}" }));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}"), File.ReadAllLines(path).Select(line => line.Split(' ')[^1]));
        Assert.Throws<IOException>(() => new LineFileSink($"{_root.Path}/none/log"));
    }

    [Fact]
    public void Events_come_out_in_order_and_all_of_them()
    {
        var collected = new Collector();
        using var logger = new LoggerConfiguration().WriteTo.Sink(collected).CreateLogger();
        using (var log = new EventLog(logger))
        {
            for (var i = 0; i < 1000; i++)
            {
                log.Write(Dirty with { Text = $"{i}" });
                if (i % 100 == 0)
                    Assert.True(SpinWait.SpinUntil(() => log.Written == i + 1, TimeSpan.FromSeconds(20)));
            }
        }
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"{i}"), collected.Texts);
    }

    [Fact]
    public void A_sink_that_hangs_holds_up_no_writer_and_what_is_dropped_is_counted_and_told()
    {
        var collected = new Collector { Gate = new ManualResetEventSlim(false) };
        using var logger = new LoggerConfiguration().WriteTo.Sink(collected).CreateLogger();
        const int count = 3 * EventLog.Capacity;
        long dropped;
        using (var log = new EventLog(logger))
        {
            log.Write(Dirty with { Text = "0" });
            Assert.True(collected.Began.Wait(TimeSpan.FromSeconds(60)));
            for (var i = 1; i < count; i++)
                log.Write(Dirty with { Text = $"{i}" });
            dropped = log.Dropped;
            Assert.Equal(count - 1 - EventLog.Capacity, dropped);
            collected.Gate.Set();
            Assert.True(SpinWait.SpinUntil(() => log.Written == count - dropped + 1, TimeSpan.FromSeconds(60)));
        }
        Assert.Equal(Enumerable.Range(0, (int)(count - dropped)).Select(i => $"{i}"), collected.Texts.SkipLast(1));
        Assert.StartsWith($"{dropped} events were dropped", collected.Texts[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_flood_of_debug_events_leaves_room_for_the_others()
    {
        var ring = new EventRing(64);
        var taken = 0;
        while (ring.TryWrite(Dirty with { Level = EventLevel.Debug }))
            taken++;
        Assert.Equal(32, taken);
        for (var i = 0; i < 32; i++)
            Assert.True(ring.TryWrite(Dirty));
        Assert.False(ring.TryWrite(Dirty));
        ring.TryRead();
        Assert.False(ring.TryWrite(Dirty with { Level = EventLevel.Debug }));
        Assert.True(ring.TryWrite(Dirty));
    }

    [Fact]
    public async Task Many_writers_lose_nothing_that_was_taken_and_keep_their_own_order()
    {
        var ring = new EventRing(64);
        const int writers = 4, each = 20_000;
        var done = Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(() =>
        {
            for (var i = 0; i < each; i++)
            {
                var e = Dirty with { Kind = $"{writer}", Text = $"{i}" };
                while (!ring.TryWrite(e))
                    Thread.Yield();
            }
        })));
        var next = new int[writers];
        while (next.Sum() < writers * each)
        {
            if (ring.TryRead() is { } e)
                Assert.Equal($"{next[int.Parse(e.Kind)]++}", e.Text);
            else
                Thread.Yield();
        }
        await done;
        Assert.Null(ring.TryRead());
    }

    private Socket Journald(out string path)
    {
        path = $"{_root.Path}/journal";
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 20_000 };
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static byte[] Receive(Socket socket)
    {
        var bytes = new byte[65536];
        return bytes[..socket.Receive(bytes)];
    }

    private sealed class Collector : ILogEventSink
    {
        public List<string> Texts { get; } = [];

        public ManualResetEventSlim? Gate { get; init; }

        public ManualResetEventSlim Began { get; } = new(false);

        public void Emit(LogEvent logEvent)
        {
            Began.Set();
            Gate?.Wait();
            Texts.Add(LineFormat.Text(logEvent, "Text")!);
        }
    }
}
