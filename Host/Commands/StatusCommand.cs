using System.Text.Json;
using ActorRaid.Host.Status;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Commands;

/// <summary><c>actorraid status</c> and <c>actorraid explain</c>.</summary>
internal static class StatusCommand
{
    /// <summary>The exit status when it cannot be told how things stand.</summary>
    internal const int CannotTell = 3;

    private const string Home = "\e[H", ToEndOfLine = "\e[K", ToEndOfScreen = "\e[J", Clear = "\e[2J";

    private static readonly StatusJson Indented = new(new JsonSerializerOptions(StatusJson.Default.Options) { WriteIndented = true });

    /// <summary>
    /// Shows how things stand. 0: all well; 1: degraded or rebuilding; 2: failed, stalled or not running; 3: it cannot be told. Where no daemon
    /// runs, root is told what the kernel and the disks say.
    /// </summary>
    internal static int Show(string socket, string? about, bool json, TextWriter output, TextWriter errors) => Asked(errors, async () =>
    {
        var status = await Status(socket, about, errors).ConfigureAwait(false);
        output.Write(json ? ToJson(status) : StatusPage.Of(status));
        return Words.ExitStatus(status.Health);
    });

    private static async Task<HostStatus> Status(string socket, string? about, TextWriter errors)
    {
        try
        {
            using var client = await ControlClient.Connect(socket).ConfigureAwait(false);
            var reply = await client.Ask(new ControlRequest(ControlRequest.Current, "status", about)).ConfigureAwait(false);
            return reply.Status ?? throw new ControlException("bad-answer", $"{socket}: what came is no status");
        }
        catch (ControlException e) when (e.IsNobodyThere && Environment.IsPrivilegedProcess)
        {
            var status = LocalStatus.Look();
            errors.WriteLine("actorraid: no daemon runs: this is what the kernel and the disks say");
            return StatusView.About(status, about)
                ?? throw new ControlException("not-found", $"there is no {about} here; what there is: {StatusView.Names(status)}");
        }
    }

    /// <summary>Shows how things stand, again with each change, until interrupted; as JSON, a line for each. Ends with 3 when the daemon ends.</summary>
    internal static int Watch(string socket, string? about, bool json, TextWriter output, TextWriter errors) => Asked(errors, async () =>
    {
        using var client = await ControlClient.Connect(socket).ConfigureAwait(false);
        var terminal = !json && !Console.IsOutputRedirected;
        if (terminal)
            output.Write(Clear);
        await foreach (var reply in client.Follow(new ControlRequest(ControlRequest.Current, "watch", about)).ConfigureAwait(false))
        {
            if (reply.Status is not { } status)
                continue;
            var page = StatusPage.Of(status, bars: true).TrimEnd('\n');
            if (json)
                output.WriteLine(JsonSerializer.Serialize(status, StatusJson.Default.HostStatus));
            else if (terminal)
                output.Write($"{Home}{status.Host}  {status.At.ToLocalTime():HH:mm:ss}{ToEndOfLine}\n{page.Replace("\n", ToEndOfLine + "\n", StringComparison.Ordinal)}{ToEndOfLine}\n{ToEndOfScreen}");
            else
                output.WriteLine($"{status.At.ToLocalTime():HH:mm:ss}\n{page}\n");
            output.Flush();
        }
        return CannotTell;
    });

    /// <summary>Says why an array is as it is. 0: said; 3: it cannot be told.</summary>
    internal static int Explain(string socket, string array, bool json, TextWriter output, TextWriter errors) => Asked(errors, async () =>
    {
        using var client = await ControlClient.Connect(socket).ConfigureAwait(false);
        var reply = await client.Ask(new ControlRequest(ControlRequest.Current, "explain", array)).ConfigureAwait(false);
        if (reply.Explanation is not { } sentences)
            throw new ControlException("bad-answer", $"{socket}: what came is no explanation");
        if (json)
            output.WriteLine(JsonSerializer.Serialize(new ControlReply(ControlRequest.Current, Explanation: sentences), Indented.ControlReply));
        else
            output.WriteLine(string.Join('\n', sentences));
        return 0;
    });

    /// <summary>Asks the daemon; why there is no answer goes to the errors.</summary>
    internal static int Asked(TextWriter errors, Func<Task<int>> ask)
    {
        try
        {
            return ask().GetAwaiter().GetResult();
        }
        catch (ControlException e)
        {
            errors.WriteLine($"actorraid: {e.Message}");
            return CannotTell;
        }
    }

    private static string ToJson(HostStatus status) => JsonSerializer.Serialize(status, Indented.HostStatus) + "\n";
}
