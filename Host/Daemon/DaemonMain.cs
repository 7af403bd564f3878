using System.Net.Sockets;
using ActorRaid.Actors;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Logging;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.SysfsIo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ActorRaid.Host.Daemon;

/// <summary>The daemon, from the first line to the last.</summary>
internal static class DaemonMain
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(30);

    /// <summary>Runs until there is nothing to supervise any more, or until asked to leave.</summary>
    internal static int Run(DaemonOptions options)
    {
        using var signals = new Signals();
        using var held = LaunchLock.Inherited(options.Lock);
        Directory.SetCurrentDirectory("/");
        using var logger = Logs.Create(options.Foreground, out var complaint);
        using var events = new EventLog(logger);
        if (complaint is not null)
            events.Write(EventLevel.Warning, "log-file", complaint);
        AppDomain.CurrentDomain.UnhandledException += (_, e) => Console.Error.WriteLine($"actorraid: {e.ExceptionObject}");
        try
        {
            return Run(options, signals, held, events).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            events.Write(EventLevel.Error, "daemon-failed", e.Message);
            return 1;
        }
    }

    private static async Task<int> Run(DaemonOptions options, Signals signals, LaunchLock held, EventLog events)
    {
        var settings = new RaidSettings([new ImsmFormat()]);
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IHostLifetime>(signals).AddSingleton<IEventSink>(events).AddRaidSystem(settings);
        // Not disposed of: that would wait for actors without a limit, and one may hang in the kernel.
        var host = builder.Build();
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() => signals.Ask("the actors have ended"));
        await host.StartAsync().ConfigureAwait(false);
        var supervisor = new RaidSupervisor(host.Services.GetRequiredService<RaidSystem>(), settings, events);
        var status = await Serve(options, supervisor, LaunchPaths.FromEnvironment(), events, held, signals.Asked, MemoryLock.LockAll)
            .ConfigureAwait(false);
        await host.StopAsync().ConfigureAwait(false);
        return status;
    }

    /// <summary>Serves launchers until the end. Everything is given, so that tests can run it in a corner.</summary>
    internal static async Task<int> Serve(
        DaemonOptions options, ISupervisor supervisor, LaunchPaths paths, EventLog events, LaunchLock held, Task<string> leave,
        Func<Result<Nothing>> lockMemory)
    {
        var desk = new LaunchDesk(supervisor, events, options.Stay);
        using var server = LaunchServer.Listen(
            paths.Socket, desk.Answer, text => events.Write(EventLevel.Debug, "launch", text));
        // Also warms the log: what it needs is loaded and in memory before that is locked.
        events.Write(EventLevel.Info, "daemon-starting", $"process {Environment.ProcessId}{(options.Takeover ? ", taking over" : "")}");
        await supervisor.Ready().ConfigureAwait(false);
        if (lockMemory() is { Ok: false } refused)
            events.Write(EventLevel.Warning, "memory-not-locked", refused.Error.ToString());

        var status = 0;
        foreach (var container in options.Containers)
        {
            var reply = await desk.TakeUp(container, options.Takeover).ConfigureAwait(false);
            if (options.Foreground)
                status |= MdmonCommand.Verdict(container, reply, options.Takeover);
        }
        supervisor.DismissPredecessors();
        if (options.Containers.Count > 0)
            desk.Answered();
        if (options.Foreground && options.Containers.Count > 0 && !desk.HasSupervised && !desk.Stays && server.TryLeave())
            return status;
        events.Write(EventLevel.Info, "daemon-ready", "ready for containers");
        desk.Open();
        TellReady(options.Ready);
        held.Dispose();
        TellSystemd(events);

        await UntilTheEnd(desk, paths, server, leave).ConfigureAwait(false);
        if (leave.IsCompletedSuccessfully)
        {
            events.Write(EventLevel.Info, "daemon-leaving", $"{leave.Result}: letting go of everything");
            server.Dispose();
            await supervisor.Stop(Farewell).ConfigureAwait(false);
        }
        events.Write(EventLevel.Info, "daemon-ended", leave.IsCompleted ? "as it was told to" : "nothing left to supervise");
        return 0;
    }

    private static async Task UntilTheEnd(LaunchDesk desk, LaunchPaths paths, LaunchServer server, Task leave)
    {
        while (true)
        {
            await Task.WhenAny(leave, desk.Idle).ConfigureAwait(false);
            if (leave.IsCompleted)
                return;
            // Under the lock no launcher can be between meeting us and asking for something that it would have started us for.
            using (var own = LaunchLock.Take(paths.Lock, TimeSpan.Zero, out _))
            {
                if (own is not null && desk.IsIdle && server.TryLeave())
                {
                    server.Dispose();
                    return;
                }
            }
            await Task.WhenAny(leave, Task.Delay(100)).ConfigureAwait(false);
        }
    }

    private static void TellSystemd(EventLog events)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 0 } path)
            return;
        var socket = UnixDatagram.Open(path);
        var sent = socket.Ok ? socket.Value.Send("READY=1"u8) : socket.Error;
        if (!sent.Ok)
            events.Write(EventLevel.Warning, "notify-failed", sent.Error.ToString());
        if (socket.Ok)
            socket.Value.Dispose();
    }

    private static unsafe void TellReady(int descriptor)
    {
        if (descriptor < 0)
            return;
        byte ready = 1;
        Native.Write(descriptor, &ready, 1);
        Native.Close(descriptor);
    }
}
