using System.Collections.Immutable;
using System.Text.Encodings.Web;
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

    /// <summary>
    /// For people too: names as they are, in UTF-8; what must not go to a terminal is escaped in them already.
    /// </summary>
    private static readonly StatusJson Plain = new(new JsonSerializerOptions(StatusJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static readonly StatusJson Indented = new(new JsonSerializerOptions(Plain.Options) { WriteIndented = true });

    /// <summary>
    /// Shows how things stand. 0: all well; 1: degraded or rebuilding; 2: failed, stalled or not running; 3: it cannot be told; 64: the
    /// name fits several. Where no daemon runs, root is told what the kernel and the disks say.
    /// </summary>
    internal static int Show(string socket, string? about, bool json, TextWriter output, TextWriter errors) => Asked(errors, async () =>
    {
        var status = await Status(socket, about, errors).ConfigureAwait(false);
        output.Write(json ? ToJson(status) : StatusPage.Of(status));
        return Words.ExitStatus(status.Health);
    });

    private static async Task<HostStatus> Status(string socket, string? about, TextWriter errors)
    {
        var request = Request("status", about);
        if (await Ask(socket, request, errors).ConfigureAwait(false) is { } reply)
            return reply.Status ?? throw new ControlException("bad-answer", $"{socket}: what came is no status");
        var status = await LocalStatus.Look().ConfigureAwait(false);
        return about is null ? status : StatusView.About(status, Found(status, about, request.Device));
    }

    /// <summary>What the daemon answers; null: none runs, and whoever asks may look for himself.</summary>
    private static async Task<ControlReply?> Ask(string socket, ControlRequest request, TextWriter errors)
    {
        try
        {
            using var client = await ControlClient.Connect(socket).ConfigureAwait(false);
            return await client.Ask(request).ConfigureAwait(false);
        }
        catch (ControlException e) when (e.IsNobodyThere && Environment.IsPrivilegedProcess)
        {
            errors.WriteLine("actorraid: no daemon runs: this is what the kernel and the disks say");
            return null;
        }
    }

    private static NamedThing Found(HostStatus status, string about, string? device) => NameLookup.Find(status, about,
        device) switch
    {
        [var thing] => thing,
        [] => throw new ControlException("not-found", NameLookup.None(status, Printable.Of(about))),
        var several => throw new ControlException("ambiguous", NameLookup.Several(about, several)),
    };

    /// <summary>
    /// Shows how things stand, again with each change, until interrupted; as JSON, a line for each. Ends with 3 when
    /// the daemon ends.
    /// </summary>
    internal static int Watch(string socket, string? about, bool json, TextWriter output, TextWriter errors) => Asked(errors, async () =>
    {
        var request = Request("watch", about);
        using var client = await ControlClient.Connect(socket).ConfigureAwait(false);
        var terminal = !json && !Console.IsOutputRedirected;
        if (terminal)
            output.Write(Clear);
        await foreach (var reply in client.Follow(request).ConfigureAwait(false))
        {
            if (reply.Status is not { } status)
                continue;
            var page = StatusPage.Of(status, bars: true).TrimEnd('\n');
            if (json)
                output.WriteLine(JsonSerializer.Serialize(status, Plain.HostStatus));
            else if (terminal)
                output.Write($"{Home}{status.Host}  {status.At.ToLocalTime():HH:mm:ss}{ToEndOfLine}\n{page.Replace("\n", ToEndOfLine + "\n", StringComparison.Ordinal)}{ToEndOfLine}\n{ToEndOfScreen}");
            else
                output.WriteLine($"{status.At.ToLocalTime():HH:mm:ss}\n{page}\n");
            output.Flush();
        }
        return CannotTell;
    });

    /// <summary>
    /// Says why a container, an array or a disk is as it is. 0: said; 3: it cannot be told; 64: the name fits several.
    /// Where no daemon runs, root is told
    /// by what the kernel and the disks say.
    /// </summary>
    internal static int Explain(
        string socket, string about, bool json, TextWriter output, TextWriter errors,
            Func<Task<HostStatus>>? look = null) => Asked(errors, async () =>
    {
        var request = Request("explain", about);
        ImmutableArray<string> sentences;
        if (await Ask(socket, request, errors).ConfigureAwait(false) is { } reply)
        {
            sentences = reply.Explanation ?? throw new ControlException("bad-answer",
                $"{socket}: what came is no explanation");
        }
        else
        {
            var status = await (look ?? LocalStatus.Look)().ConfigureAwait(false);
            sentences = [.. Explanation.Of(status, Found(status, about, request.Device), [])];
        }
        if (json)
            output.WriteLine(JsonSerializer.Serialize(new ControlReply(ControlRequest.Current, Explanation: sentences), Indented.ControlReply));
        else
            output.WriteLine(string.Join('\n', sentences));
        return 0;
    });

    /// <summary>
    /// A question about what is called so here, or about all (null): whoever asks sees /dev, the daemon may see
    /// another.
    /// </summary>
    /// <exception cref="ControlException">A path leads to no block device, or one cannot tell where.</exception>
    internal static ControlRequest Request(string ask, string? about)
    {
        var device = about is null ? default : DeviceName.Resolve(about);
        return device.Problem is { } problem
            ? throw new ControlException("bad-name", problem)
            : new ControlRequest(ControlRequest.Current, ask, about, Device: device.Kernel);
    }

    /// <summary>
    /// Asks the daemon; why there is no answer goes to the errors. The command's status, or <see cref="CannotTell"/>,
    /// or <see cref="Words.UsageStatus"/> where what was asked about is no device, or may be any of several.
    /// </summary>
    internal static int Asked(TextWriter errors, Func<Task<int>> ask)
    {
        try
        {
            return ask().GetAwaiter().GetResult();
        }
        catch (ControlException e)
        {
            errors.WriteLine($"actorraid: {e.Message}");
            return e.Code is "ambiguous" or "bad-name" ? Words.UsageStatus : CannotTell;
        }
    }

    private static string ToJson(HostStatus status) => JsonSerializer.Serialize(status, Indented.HostStatus) + "\n";
}
