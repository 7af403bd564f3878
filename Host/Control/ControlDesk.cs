using System.Text.Json;
using ActorRaid.Actors;
using ActorRaid.Host.Hooks;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Status;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Control;

/// <summary>Answers what is asked over the control socket.</summary>
internal sealed class ControlDesk(StatusBoard board, History history, HookRunner hooks)
{
    private static readonly TimeSpan StatusLimit = TimeSpan.FromSeconds(10), SignOfLife = TimeSpan.FromSeconds(10);

    /// <summary>So many events are told at once: memory is bounded however many ask.</summary>
    private const int Batch = 50;

    /// <summary>Answers one request.</summary>
    /// <param name="line">What came.</param>
    /// <param name="rights">What he may do.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="mayWatch">Whether there is room for one more who watches.</param>
    internal async Task Answer(byte[] line, Rights rights, ControlConnection client, Func<ControlConnection, bool> mayWatch)
    {
        if (Decode(line, out var refusal) is not { } request)
        {
            await client.Refuse(refusal!.Code, refusal.Text).ConfigureAwait(false);
            return;
        }
        if (request.Ask is "watch" or "follow" && !mayWatch(client))
        {
            await client.Refuse("busy", $"{ControlServer.MostWatchers} clients watch already: ask for status or events instead").ConfigureAwait(false);
            return;
        }
        await (request.Ask switch
        {
            "status" => Status(request, client),
            "watch" => Watch(request, client),
            "events" => Events(request, client),
            "follow" => Follow(request, client),
            "explain" => Explain(request, client),
            "hooks" => client.Send(new ControlReply(ControlRequest.Current, Hooks: hooks.Status())),
            "test-hooks" when rights != Rights.All => client.Refuse("not-allowed", "only root may run hooks"),
            "test-hooks" => TestHooks(request, client),
            _ => client.Refuse("bad-request", $"\"{Short(request.Ask)}\" cannot be asked; what can be: status, watch, events, follow, explain, hooks, test-hooks"),
        }).ConfigureAwait(false);
    }

    /// <summary>Goes once through what an answer needs, so that this is not done for the first time when memory is short.</summary>
    internal static void Rehearse()
    {
        Decode("{\"version\":1,\"ask\":\"status\"}"u8, out _);
        var status = new HostStatus(HostStatus.Current, "", DateTimeOffset.Now, "", 0, DateTimeOffset.Now, Health.Ok, "", 0, []);
        _ = new StatusSnapshot(0, status).Line(null);
    }

    private static ControlRequest? Decode(ReadOnlySpan<byte> line, out ControlError? refusal)
    {
        refusal = null;
        ControlRequest? request = null;
        try
        {
            request = JsonSerializer.Deserialize(line, StatusJson.Default.ControlRequest);
        }
        catch (JsonException e)
        {
            refusal = new ControlError("bad-request", $"no request: {e.Message}");
            return null;
        }
        if (request is { Version: ControlRequest.Current, Ask: not null })
            return request;
        refusal = request is { Version: not ControlRequest.Current }
            ? new ControlError("unknown-version", $"version {request.Version} of the protocol is not known here; what is: {ControlRequest.Current}")
            : new ControlError("bad-request", "a request says what is asked: {\"version\":1,\"ask\":\"status\"}");
        return null;
    }

    private async Task<StatusSnapshot?> Now(ControlConnection client)
    {
        try
        {
            return await board.Now().WaitAsync(StatusLimit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await client.Refuse("busy", $"the status could not be put together within {StatusLimit.TotalSeconds:0} s: something that is read for it does not answer").ConfigureAwait(false);
            return null;
        }
    }

    private async Task Status(ControlRequest request, ControlConnection client)
    {
        if (await Now(client).ConfigureAwait(false) is { } now)
            await Tell(request, now, client).ConfigureAwait(false);
    }

    /// <summary>Sends the status of what was asked about; false: it was refused.</summary>
    private static async Task<bool> Tell(ControlRequest request, StatusSnapshot now, ControlConnection client)
    {
        NamedThing? thing = null;
        if (request.About is not null)
        {
            thing = await Find(request, now.Status, client).ConfigureAwait(false);
            if (thing is null)
                return false;
        }
        await client.Send(now.Line(thing)).ConfigureAwait(false);
        return true;
    }

    private async Task Watch(ControlRequest request, ControlConnection client)
    {
        if (await Now(client).ConfigureAwait(false) is not { } now)
            return;
        if (!await Tell(request, now, client).ConfigureAwait(false))
            return;
        board.Watch(1);
        try
        {
            var (left, life) = (client.Left(), Task.Delay(SignOfLife));
            while (true)
            {
                var next = board.After(now.Version);
                var done = await Task.WhenAny(next, left, life).ConfigureAwait(false);
                if (done == left)
                    return;
                if (done == next)
                    now = await next.ConfigureAwait(false);
                else if (await Now(client).ConfigureAwait(false) is { } again)
                    (now, life) = (again, Task.Delay(SignOfLife));
                else
                    return;
                if (!await Tell(request, now, client).ConfigureAwait(false))
                    return;
            }
        }
        finally
        {
            board.Watch(-1);
        }
    }

    /// <summary>All on one line, but written a few events at a time.</summary>
    private async Task Events(ControlRequest request, ControlConnection client)
    {
        if (await Filter(request, client).ConfigureAwait(false) is not { } filter)
            return;
        var last = After(request);
        var end = history.Latest;
        await client.Send("{\"version\":1,\"events\":["u8.ToArray()).ConfigureAwait(false);
        for (var isFirst = true; ; isFirst = false)
        {
            var events = history.After(last, request.Since, Batch, filter);
            if (events.Count == 0 || events[0].Sequence > end)
                break;
            last = events[^1].Sequence;
            var bytes = JsonSerializer.SerializeToUtf8Bytes([.. events], StatusJson.Default.ImmutableArrayEventStatus);
            // Without the brackets around this part of the list.
            await client.Send(isFirst ? bytes.AsMemory(1, bytes.Length - 2) : (byte[])[(byte)',', .. bytes.AsSpan(1, bytes.Length - 2)]).ConfigureAwait(false);
        }
        await client.Send("]}\n"u8.ToArray()).ConfigureAwait(false);
    }

    private async Task Follow(ControlRequest request, ControlConnection client)
    {
        if (await Filter(request, client).ConfigureAwait(false) is not { } filter)
            return;
        var last = After(request);
        var since = request.Since;
        var left = client.Left();
        while (true)
        {
            var upTo = history.Latest;
            var events = history.After(last, since, Batch, filter);
            if (events.Count > 0)
            {
                last = events[^1].Sequence;
                await client.Send(new ControlReply(ControlRequest.Current, Events: [.. events])).ConfigureAwait(false);
                continue;
            }
            last = Math.Max(last, upTo);
            if (await Task.WhenAny(history.Next(last, filter.Level), left).ConfigureAwait(false) == left)
                return;
        }
    }

    private async Task Explain(ControlRequest request, ControlConnection client)
    {
        if (await Now(client).ConfigureAwait(false) is not { } now)
            return;
        if (await Find(request, now.Status, client).ConfigureAwait(false) is { } found)
        {
            await client.Send(new ControlReply(
                ControlRequest.Current,
                Explanation: [.. Explanation.Of(now.Status, found, history.After(0, null, History.Capacity, new EventFilter((int)EventLevel.Info)))])).ConfigureAwait(false);
        }
    }

    private async Task TestHooks(ControlRequest request, ControlConnection client)
    {
        if (request.About is not { } name || !HookEvents.IsKnown(name))
        {
            await client.Refuse("not-found", $"there is no event {Short(request.About ?? "without a name")}; what there is: {string.Join(", ", HookEvents.Names)}").ConfigureAwait(false);
            return;
        }
        // Each has its own limit.
        await hooks.Test(name).ConfigureAwait(false);
        await client.Send(new ControlReply(ControlRequest.Current, Hooks: hooks.Status())).ConfigureAwait(false);
    }

    private static async Task<EventFilter?> Filter(ControlRequest request, ControlConnection client)
    {
        if (EventFilter.LevelOf(request.Level ?? EventFilter.Levels[0]) is { } level)
            return new EventFilter(level, request.About);
        await client.Refuse("bad-request", $"level {Short(request.Level!)}: it is one of {string.Join(", ", EventFilter.Levels)}").ConfigureAwait(false);
        return null;
    }

    private static long After(ControlRequest request) => request.After is { } after && request.Process == Environment.ProcessId ? after : 0;

    /// <summary>What is asked about; null: it was refused, as there is no such thing, or are several.</summary>
    private static async Task<NamedThing?> Find(ControlRequest request, HostStatus status, ControlConnection client)
    {
        var found = request.About is { } about ? NameLookup.Find(status, about, request.Device) : [];
        if (found is [var thing])
            return thing;
        await (request.About is not { } name ? client.Refuse("not-found", $"about what? What there is: {NameLookup.All(status)}")
            : found.IsEmpty ? client.Refuse("not-found", NameLookup.None(status, Called(name, request.Device)))
            : client.Refuse("ambiguous", NameLookup.Several(Short(name), found))).ConfigureAwait(false);
        return null;
    }

    private static string Called(string name, string? device) => device is null || device == name ? Short(name) : $"{Short(name)} ({Short(device)})";

    private static string Short(string text) => Printable.Of(text.Length <= 64 ? text : text[..64] + "...");
}
