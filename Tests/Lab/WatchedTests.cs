using System.Text.Json;
using ActorRaid.Reporting;
using ActorRaid.Tests.Gateway;
using Microsoft.Playwright;
using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>
/// The page over a real disk's failure. The guest has no network: what the daemon in it tells a client of its control socket is recorded, and told
/// again to a real gateway, more slowly, with the page open in Chromium.
/// </summary>
[Collection("lab")]
public sealed class WatchedTests(GuestLab lab)
{
    // The guest's rebuild takes two seconds: long enough for pictures at this pace.
    private const double Pace = 0.4;

    /// <summary>Without reload.</summary>
    [SoakFact]
    public async Task A_disk_fails_in_the_guest_and_the_page_shows_degraded_progress_and_healthy_without_being_loaded_again()
    {
        var told = (await File.ReadAllLinesAsync(Path.Combine(lab.Passes("watched", 300).Output, "told")))
            .Where(line => line.EndsWith('}')).ToArray();
        var states = told.Select(line => JsonSerializer.Deserialize(line.AsSpan(line.IndexOf(' ')), StatusJson.Default.ControlReply)!.Status).OfType<HostStatus>().ToArray();
        await using var rig = await GatewayRig.Start(status: states.First(status => status.Health == Health.Ok));
        await using var browser = await Browser.Start();
        List<string> complaints = [];
        var page = await browser.Open(rig.Address, 1280, 900, ColorScheme.Light, complaints);
        await Shows(page, "Healthy");
        // Every word and every bar that has been on the page, as long as it is not loaded again.
        await page.EvaluateAsync("""
            window.shown = [];
            new MutationObserver(() => {
                const now = document.querySelector('h1').textContent + ' ' + (document.querySelector('progress')?.value.toFixed(3) ?? '');
                if (window.shown.at(-1) !== now) window.shown.push(now);
            }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
            """);
        var playing = rig.Daemon.Play(told.SkipWhile(line => !line.Contains("\"health\":\"degraded\"", StringComparison.Ordinal)), Pace);
        foreach (var health in (string[])["Degraded", "Rebuilding", "Healthy"])
        {
            await Shows(page, health);
            await page.ScreenshotAsync(new() { Path = Path.Combine(Browser.Pictures, $"guest-{health.ToLowerInvariant()}.png"), FullPage = true });
        }
        await playing;
        await Shows(page, "Healthy");

        var shown = await page.EvaluateAsync<string[]>("window.shown");
        Assert.Contains(shown, one => one.StartsWith("Degraded ", StringComparison.Ordinal));
        var bars = shown.Where(one => one.StartsWith("Rebuilding 0.", StringComparison.Ordinal)).ToArray();
        Assert.True(bars.Length > 0 && bars.Any(bar => bar != "Rebuilding 0.000"), $"no progress was shown: {string.Join(", ", shown)}");
        Assert.Empty(complaints);
    }

    private static Task Shows(IPage page, string health) =>
        Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(health, new() { Timeout = 20_000 });
}
