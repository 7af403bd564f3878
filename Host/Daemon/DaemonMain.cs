using System.Net.Sockets;
using ActorRaid.Actors;
using ActorRaid.Host.Control;
using ActorRaid.Host.Handoff;
using ActorRaid.Host.Hooks;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Settings;
using ActorRaid.Host.Status;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.SysfsIo;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Mono.Unix.Native;

namespace ActorRaid.Host.Daemon;

/// <summary>The daemon, from the first line to the last.</summary>
internal static class DaemonMain
{
    /// <summary>What follows the arrays' farewell at most: the actors' end, and the log's.</summary>
    private static readonly TimeSpan LastSteps = TimeSpan.FromSeconds(15);

    /// <summary>How long programs that are run on events may still take then: part of the last steps. A successor waits two seconds for the end.</summary>
    private static readonly TimeSpan HooksAtEnd = TimeSpan.FromSeconds(10), HooksAtHandoff = TimeSpan.FromSeconds(1);
    private const int NotTakenOver = 3;

    /// <summary>For what several threads open at the same moment for a moment. (How many a process may have, the runtime sets to the hard limit at its start.)</summary>
    private const int ReservedDescriptors = 16;

    /// <summary>Runs until there is nothing to supervise any more, or until asked to leave.</summary>
    internal static int Run(DaemonOptions options)
    {
        StackLimit.Raise();
        using var signals = new Signals();
        using var held = LaunchLock.Inherited(options.Lock);
        Directory.SetCurrentDirectory("/");
        using var logs = new Logs(options.Foreground);
        using var events = new EventLog(logs.Logger);
        var configured = new SettingsInForce(SettingsFile.PathFromEnvironment());
        var refused = configured.Problems;
        if (configured.Apply(logs.Apply) is { } notDone)
            events.Write(EventLevel.Error, "settings-problem", notDone);
        foreach (var problem in refused)
            events.Write(EventLevel.Error, "settings-problem", $"{problem}: the defaults count");
        using var systemd = new SystemdNotify(SystemdPlace.FromEnvironment(), text => events.Write(EventLevel.Warning, "notify-failed", text));
        var service = new DaemonService(configured, systemd, events);
        signals.ReloadAsked += () => _ = service.ReloadWhenUp("SIGHUP");
        AppDomain.CurrentDomain.UnhandledException += (_, e) => Console.Error.WriteLine($"actorraid: {e.ExceptionObject}");
        try
        {
            return Run(options, signals, held, service).GetAwaiter().GetResult();
        }
        catch (HandoffException e)
        {
            // Whoever has the containers goes on with them when this process has ended: at once, and without touching anything.
            events.Write(EventLevel.Error, "handoff-refused", e.Message);
            if (options.Foreground)
                Console.Error.WriteLine($"actorraid: not taken over: {e.Message}");
            TellReady(options.Ready, e.Message);
            events.Dispose();
            Environment.Exit(NotTakenOver);
            return NotTakenOver;
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            events.Write(EventLevel.Error, "daemon-failed", e.Message);
            return 1;
        }
    }

    private static async Task<int> Run(DaemonOptions options, Signals signals, LaunchLock held, DaemonService service)
    {
        var events = service.Events;
        var settings = new RaidSettings(SupportedFormats.All);
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IHostLifetime>(signals).AddSingleton<IEventSink>(events).AddRaidSystem(settings);
        // Not disposed of: that would wait for actors without a limit, and one may hang in the kernel.
        var host = builder.Build();
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() => signals.Ask("the actors have ended"));
        await host.StartAsync().ConfigureAwait(false);
        var raid = host.Services.GetRequiredService<RaidSystem>();
        service.Settings.Apply(now =>
        {
            raid.Change(now.Policy);
            return null;
        });
        var supervisor = new RaidSupervisor(raid, settings, events);
        var paths = LaunchPaths.FromEnvironment();
        var status = await Serve(options, supervisor, paths, service, held, signals, KeepInMemory, Handoffs.Of(raid, paths, events, options.Foreground))
            .ConfigureAwait(false);
        await host.StopAsync().ConfigureAwait(false);
        return status;
    }

    private static Result<Nothing> KeepInMemory()
    {
        var spared = MemoryLock.SpareFromOutOfMemory();
        var locked = MemoryLock.LockAll();
        return locked.Ok ? spared : locked;
    }

    /// <summary>Serves launchers until the end. Everything is given, so that tests can run it in a corner.</summary>
    /// <remarks>
    /// Told to leave: systemd is told (STOPPING=1); no launcher is answered any more; the actors let go of everything, arrays clean first,
    /// for as long as the configuration says, while the watchdog is still fed; then the actors end, and last the log.
    /// </remarks>
    internal static async Task<int> Serve(
        DaemonOptions options, ISupervisor supervisor, LaunchPaths paths, DaemonService service, LaunchLock held, ILeaveRequests leave,
        Func<Result<Nothing>> lockMemory, Handoffs handoffs)
    {
        var events = service.Events;
        // Also warms the log: what it needs is loaded and in memory before that is locked.
        events.Write(EventLevel.Info, "daemon-starting", $"process {Environment.ProcessId}{(options.Takeover ? ", taking over" : "")}");
        DescriptorReserve.Hold(ReservedDescriptors);
        await supervisor.Ready().ConfigureAwait(false);
        await HandoffRehearsal.Run(paths.Directory).ConfigureAwait(false);
        ControlDesk.Rehearse();
        using var hooks = new HookRunner(events);
        service.Settings.Apply(now =>
        {
            hooks.Configure(now.Hooks);
            return null;
        });
        using var board = new StatusBoard(supervisor.Describe, supervisor.Observe, Teller(), events);
        Tidying.BeforeMemoryIsLocked();
        if (lockMemory() is { Ok: false } refused)
            events.Write(EventLevel.Warning, "memory-not-kept", refused.Error.ToString());

        using var taken = options.Takeover ? await handoffs.Take().ConfigureAwait(false) : null;
        var desk = new LaunchDesk(supervisor, service, options.Stay || service.Settings.Now.Stay || taken is { Stay: true });
        using var place = new DaemonPlace(desk, paths, service, board, hooks, handoffs);
        if (taken is not null)
        {
            service.Systemd.Take(taken.Systemd);
            board.Remember(taken.Since);
            taken.Finish();
        }

        var status = 0;
        // All at once: one whose disks do not answer is not to hold up the others.
        var replies = await Task.WhenAll(options.Containers.Except(taken?.Left ?? []).Select(TakeUp)).ConfigureAwait(false);
        foreach (var (container, reply) in replies)
        {
            if (options.Foreground)
                status |= MdmonCommand.Verdict(container, reply, options.Takeover);
        }
        if (options.Containers.Count > 0 || taken is not null)
            desk.Answered();
        if (options.Foreground && options.Containers.Count > 0 && !desk.HasSupervised && !desk.Stays && supervisor.IsEmpty && place.TryLeave())
            return status;
        events.Write(EventLevel.Info, "daemon-ready", "ready for containers");
        desk.Open();
        TellReady(options.Ready);
        held.Dispose();
        service.Ready();
        using var heartbeat = new Heartbeat(supervisor, service);

        string? leaving = null;
        var takers = new Takers();
        while (leaving is null)
        {
            await UntilTheEnd(desk, paths, place, leave.Asked).ConfigureAwait(false);
            if (!leave.Asked.IsCompleted || place.HandedOver.IsCompleted)
                break;
            // mdmon's way of taking over: its pid file is in place, then we are told to go. That concerns no other container.
            var why = await leave.Asked.ConfigureAwait(false);
            leave.Answered();
            var others = await supervisor.TakenByOthers().ConfigureAwait(false);
            takers.Expect(others);
            if (others.Length > 0)
            {
                events.Write(EventLevel.Info, "taken-over", $"{why}: others monitor {string.Join(", ", others)} by now: letting go of that");
                supervisor.LetGo(others, TimeSpan.FromSeconds(service.Settings.Now.FarewellSeconds));
            }
            leaving = takers.IsOneOfTheirs() ? null : why;
        }
        if (leaving is not null)
            place.EndHandoffs();
        if (place.HandedOver.IsCompleted)
        {
            events.Write(EventLevel.Info, "daemon-ended", $"process {await place.HandedOver.ConfigureAwait(false)} goes on");
            await hooks.Finish(HooksAtHandoff).ConfigureAwait(false);
            return 0;
        }
        if (leaving is not null)
        {
            events.Write(EventLevel.Info, "daemon-leaving", $"{leaving}: letting go of everything");
            var limit = TimeSpan.FromSeconds(service.Settings.Now.FarewellSeconds);
            service.Systemd.Stopping(limit + LastSteps);
            place.Dispose();
            await supervisor.Stop(limit).ConfigureAwait(false);
        }
        events.Write(EventLevel.Info, "daemon-ended", leaving is not null ? "as it was told to" : "nothing left to supervise");
        await hooks.Finish(HooksAtEnd).ConfigureAwait(false);
        return 0;

        async Task<(string Container, LaunchReply Reply)> TakeUp(string container) =>
            (container, await desk.TakeUp(container, options.Takeover).ConfigureAwait(false));
    }

    private static StatusTeller Teller() => new(Environment.MachineName, ProgramVersion.Text, Environment.ProcessId, DateTimeOffset.Now, 0);

    private static async Task UntilTheEnd(LaunchDesk desk, LaunchPaths paths, DaemonPlace place, Task leave)
    {
        while (true)
        {
            await Task.WhenAny(leave, desk.Idle, place.HandedOver).ConfigureAwait(false);
            if (leave.IsCompleted || place.HandedOver.IsCompleted)
                return;
            // Under the lock no launcher can be between meeting us and asking for something that it would have started us for.
            using (var own = LaunchLock.Take(paths.Lock, TimeSpan.Zero, out _))
            {
                if (own is not null && desk.IsIdle && place.TryLeave())
                {
                    place.Dispose();
                    return;
                }
            }
            await Task.WhenAny(leave, Task.Delay(100)).ConfigureAwait(false);
        }
    }

    /// <summary>To the launcher that waits: a byte 1, or in words why not.</summary>
    private static unsafe void TellReady(int descriptor, string? failure = null)
    {
        if (descriptor < 0)
            return;
        var said = failure is null ? [DaemonProcess.Ready] : System.Text.Encoding.UTF8.GetBytes(failure);
        fixed (byte* bytes = said)
            Syscall.write(descriptor, bytes, (ulong)said.Length);
        Syscall.close(descriptor);
    }
}
