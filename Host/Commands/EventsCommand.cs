using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Commands;

/// <summary><c>actorraid events</c>: what the daemon remembers, and before that what the journal does.</summary>
internal static class EventsCommand
{
    /// <summary>0: told; 3: neither the daemon nor the journal answers.</summary>
    internal static int Run(string socket, bool follow, DateTimeOffset? since, bool json, TextWriter output, TextWriter errors) => StatusCommand.Asked(errors, async () =>
    {
        ControlReply? reply = null;
        ControlException? refused = null;
        ControlClient? client = null;
        var process = 0;
        try
        {
            client = await ControlClient.Connect(socket).ConfigureAwait(false);
            process = (await client.Ask(new ControlRequest(ControlRequest.Current, "status")).ConfigureAwait(false)).Status?.Process ?? 0;
            reply = await client.Ask(new ControlRequest(ControlRequest.Current, "events", Since: since)).ConfigureAwait(false);
        }
        catch (ControlException e)
        {
            refused = e;
        }
        using (client)
        {
            IReadOnlyList<EventStatus> remembered = reply?.Events ?? [];
            var journal = Journal(since);
            if (reply is null && journal is null)
                throw refused!;
            if (refused is not null)
                errors.WriteLine($"actorraid: {refused.Message}; this is what the journal knows");
            // The daemon's own are in the journal as well, but for those that it no longer remembers.
            var oldest = remembered is [var first, ..] ? (first.Sequence > 1 ? first.Time : DateTimeOffset.MinValue) : process == 0 ? DateTimeOffset.MaxValue : DateTimeOffset.MinValue;
            foreach (var (e, teller) in journal ?? [])
            {
                if (teller != process || e.Time < oldest)
                    Write(e, json, output);
            }
            foreach (var e in remembered)
                Write(e, json, output);
            output.Flush();
            if (!follow)
                return 0;
            if (client is null || reply is null)
                throw refused!;
            var last = remembered.Count > 0 ? remembered[^1].Sequence : (long?)null;
            var request = new ControlRequest(ControlRequest.Current, "follow", Since: last is null ? since ?? DateTimeOffset.Now : null, After: last, Process: process);
            await foreach (var more in client.Follow(request).ConfigureAwait(false))
            {
                foreach (var e in more.Events ?? [])
                    Write(e, json, output);
                output.Flush();
            }
            return StatusCommand.CannotTell;
        }
    });

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
    private static List<(EventStatus Event, int Process)>? Journal(DateTimeOffset? since)
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
                if (FromJournal(entry) is { } e && (since is null || e.Event.Time > since))
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
