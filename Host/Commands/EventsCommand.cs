using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ActorRaid.Host.Status;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Commands;

/// <summary><c>actorraid events</c>: what the daemon remembers, and before that what the journal does.</summary>
internal static class EventsCommand
{
    /// <summary>What is wanted of them.</summary>
    /// <param name="About">Only those of that container, array or disk; null: of all.</param>
    /// <param name="Level">Only those of at least that level.</param>
    /// <param name="Since">Only those after that time.</param>
    /// <param name="Count">Only so many of the latest.</param>
    /// <param name="Follow">And then those that come.</param>
    internal sealed record Wanted(string? About = null, string Level = DefaultLevel, DateTimeOffset? Since = null, int? Count = null, bool Follow = false);

    /// <summary>What comes with every burst of writes is below it.</summary>
    internal const string DefaultLevel = "info";

    /// <summary>0: told; 3: neither the daemon nor the journal answers, or there is no such thing.</summary>
    internal static int Run(string socket, Wanted wanted, bool json, TextWriter output, TextWriter errors) => StatusCommand.Asked(errors, async () =>
    {
        var (since, about) = (wanted.Since, KernelName(null, wanted.About));
        ControlReply? reply = null;
        ControlException? refused = null;
        ControlClient? client = null;
        HostStatus? status = null;
        try
        {
            client = await ControlClient.Connect(socket).ConfigureAwait(false);
            status = (await client.Ask(new ControlRequest(ControlRequest.Current, "status")).ConfigureAwait(false)).Status;
            about = KernelName(status, wanted.About);
            reply = await client.Ask(new ControlRequest(ControlRequest.Current, "events", about, since, Level: wanted.Level)).ConfigureAwait(false);
        }
        catch (ControlException e) when (e.Code is not "ambiguous")
        {
            refused = e;
        }
        using (client)
        {
            var process = status?.Process ?? 0;
            var filter = new EventFilter(EventFilter.LevelOf(wanted.Level) ?? 0, about);
            List<EventStatus> remembered = [.. (reply?.Events ?? []).Where(filter.Wants)];
            var journal = Journal(since, filter);
            if (reply is null && journal is null)
                throw refused!;
            if (refused is not null)
                errors.WriteLine($"actorraid: {refused.Message}; this is what the journal knows");
            // The daemon's own are in the journal as well, but for those that it no longer remembers.
            var oldest = remembered is [var first, ..] ? (first.Sequence > 1 ? first.Time : DateTimeOffset.MinValue) : DateTimeOffset.MaxValue;
            List<EventStatus> all = [.. (journal ?? []).Where(told => told.Process != process || told.Event.Time < oldest).Select(told => told.Event), .. remembered];
            foreach (var e in all.Skip(wanted.Count is { } count ? all.Count - count : 0))
                Write(e, json, output);
            output.Flush();
            if (!wanted.Follow && all.Count == 0 && about is not null && status is not null && NameLookup.Find(status, about).IsEmpty)
                throw new ControlException("not-found", $"there is no {about} here, and nothing is known of it; what there is: {NameLookup.All(status)}");
            if (!wanted.Follow)
                return 0;
            if (client is null || reply is null)
                throw refused!;
            var last = remembered.Count > 0 ? remembered[^1].Sequence : (long?)null;
            var request = new ControlRequest(ControlRequest.Current, "follow", about, last is null ? since ?? DateTimeOffset.Now : null, last, process, wanted.Level);
            await foreach (var more in client.Follow(request).ConfigureAwait(false))
            {
                foreach (var e in (more.Events ?? []).Where(filter.Wants))
                    Write(e, json, output);
                output.Flush();
            }
            return StatusCommand.CannotTell;
        }
    });

    /// <summary>The kernel's name of what somebody asks for: events tell no other. What is gone keeps the name that it is asked for by.</summary>
    /// <exception cref="ControlException">The name fits several things.</exception>
    private static string? KernelName(HostStatus? status, string? about)
    {
        if (about is null)
            return null;
        var device = DeviceName.Resolve(about).Kernel;
        return (status is null ? [] : NameLookup.Find(status, about, device)) switch
        {
            [var thing] => thing.Kernel,
            [] => device ?? (about.StartsWith("/dev/", StringComparison.Ordinal) ? about["/dev/".Length..] : about),
            var several => throw new ControlException("ambiguous", NameLookup.Several(about, several)),
        };
    }

    /// <summary>A time, or how long ago; null: neither.</summary>
    internal static DateTimeOffset? ParseSince(string text, DateTimeOffset now)
    {
        if (text.Length > 1 && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) && count < 1e6)
        {
            var unit = text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
            if (unit > 0)
                return now - TimeSpan.FromSeconds(count * unit);
        }
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time) ? time : null;
    }

    /// <summary>An event as people read it: a line, and where there is more to say another one below it.</summary>
    internal static string Line(EventStatus e)
    {
        var line = new StringBuilder();
        var where = string.Join('/', new[] { e.Container, e.Array, e.Disk }.Where(name => name is not null));
        line.Append(CultureInfo.InvariantCulture, $"{e.Time.ToLocalTime():yyyy-MM-dd HH:mm:ss.fff} {e.Level,-7} {(where.Length == 0 ? "-" : where)} {e.Kind}: {e.Text}");
        var more = new List<string>();
        if (e.Cause is { } cause)
            more.Add($"because {cause}");
        if (e.Wrote is { } wrote)
            more.Add($"wrote {wrote}");
        if (e.Microseconds is { } took && e.Wrote is not null)
            more.Add(string.Create(CultureInfo.InvariantCulture, $"took {took} us"));
        if (more.Count > 0)
            line.Append("\n    ").AppendJoin("; ", more);
        return line.ToString();
    }

    /// <summary>An entry of <c>journalctl -o json</c>, and the process that told it; null: it is no event of ours.</summary>
    internal static (EventStatus Event, int Process)? FromJournal(string entry)
    {
        try
        {
            using var parsed = JsonDocument.Parse(entry);
            string? Text(string name) => parsed.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
            if (Text("EVENT") is not { } kind || !long.TryParse(Text("__REALTIME_TIMESTAMP"), CultureInfo.InvariantCulture, out var time))
                return null;
            var level = Text("PRIORITY") switch { "7" => "debug", "6" => "info", "4" => "warning", _ => "error" };
            return (
                Printable.Of(new EventStatus(
                    0, DateTimeOffset.UnixEpoch.AddMicroseconds(time), level, kind, Text("CONTAINER"), Text("ARRAY"), Text("DISK"), Text("MESSAGE") ?? "",
                    Text("CAUSE"), Text("WROTE"), long.TryParse(Text("MICROSECONDS"), CultureInfo.InvariantCulture, out var took) ? took : null, Text("FROM"), Text("TO"))),
                int.TryParse(Text("_PID"), CultureInfo.InvariantCulture, out var process) ? process : 0);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Write(EventStatus e, bool json, TextWriter output) =>
        output.WriteLine(json ? JsonSerializer.Serialize(e, StatusJson.Default.EventStatus) : Line(e));

    /// <summary>Null: there is no journal here.</summary>
    private static List<(EventStatus Event, int Process)>? Journal(DateTimeOffset? since, EventFilter filter)
    {
        var arguments = new List<string> { "-o", "json", "--no-pager", "-q", "SYSLOG_IDENTIFIER=actorraid" };
        if (since is { } time)
            arguments.Add(string.Create(CultureInfo.InvariantCulture, $"--since=@{time.ToUnixTimeSeconds()}"));
        var found = new List<(EventStatus, int)>();
        try
        {
            using var journalctl = Process.Start(new ProcessStartInfo("journalctl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true });
            if (journalctl is null)
                return null;
            var complaints = journalctl.StandardError.ReadToEndAsync();
            while (journalctl.StandardOutput.ReadLine() is { } entry)
            {
                if (FromJournal(entry) is { } e && (since is null || e.Event.Time > since) && filter.Wants(e.Event))
                    found.Add(e);
            }
            journalctl.WaitForExit();
            complaints.Wait();
            return journalctl.ExitCode == 0 || found.Count > 0 ? found : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // No journalctl.
        }
    }
}
