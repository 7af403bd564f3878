using System.Globalization;
using System.Text.Json;
using ActorRaid.Host.Hooks;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Commands;

/// <summary><c>actorraid hooks</c>.</summary>
internal static class HooksCommand
{
    /// <summary>How long all hooks on one event may take that are tried.</summary>
    private static readonly TimeSpan TestLimit = TimeSpan.FromMinutes(10);

    private static readonly StatusJson Indented = new(new JsonSerializerOptions(StatusJson.Default.Options) { WriteIndented = true });

    /// <summary>0: shown, or all that were tried ended with status 0; 1: none is set on that event, or one failed; 3: the daemon does not say.</summary>
    internal static int Run(string socket, string? test, bool json, TextWriter output, TextWriter errors) => StatusCommand.Asked(errors, async () =>
    {
        using var client = await ControlClient.Connect(socket).ConfigureAwait(false);
        var reply = await client.Ask(new ControlRequest(ControlRequest.Current, test is null ? "hooks" : "test-hooks", test), test is null ? null : TestLimit).ConfigureAwait(false);
        if (reply.Hooks is not { } status)
            throw new ControlException("bad-answer", $"{socket}: what came does not tell of hooks");
        if (json)
            output.WriteLine(JsonSerializer.Serialize(reply, Indented.ControlReply));
        else
            output.Write(ToText(status));
        if (test is null)
            return 0;
        var tried = status.Hooks.Where(hook => HookEvents.Matches(hook.On, test)).ToList();
        if (tried.Count == 0)
            errors.WriteLine($"actorraid: no hook is set on {test}");
        return tried.Count > 0 && tried.All(hook => hook.LastOk == true) ? 0 : 1;
    });

    private static string ToText(HooksStatus status)
    {
        if (status.Hooks.IsEmpty)
            return "no hooks are configured (hooks in /etc/actorraid.json)\n";
        var lines = status.Hooks.Select(hook =>
        {
            var last = hook.LastEvent is null ? "never run yet" : string.Create(CultureInfo.InvariantCulture, $"{hook.LastTime?.ToLocalTime():yyyy-MM-dd HH:mm:ss} on {hook.LastEvent}: {hook.LastOutcome}");
            return string.Create(CultureInfo.InvariantCulture, $"{string.Join(' ', hook.Run)}\n    on {string.Join(", ", hook.On)}; at most {hook.Seconds} s\n    {last}\n");
        });
        return string.Concat(lines) + string.Create(CultureInfo.InvariantCulture, $"{status.Running} running, {status.Queued} waiting, {status.Dropped} dropped\n");
    }
}
