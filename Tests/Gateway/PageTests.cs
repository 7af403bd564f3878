using System.Collections.Immutable;
using ActorRaid.Gateway.Cluster;
using ActorRaid.Reporting;
using ActorRaid.Tests.Cluster;
using Microsoft.Playwright;
using Xunit;

namespace ActorRaid.Tests.Gateway;

/// <summary>The page, in a real browser.</summary>
public sealed class PageTests
{
    private const int Phone = 390, Desktop = 1280;

    [Fact]
    public async Task A_disk_fails_and_the_page_shows_degraded_progress_and_healthy_without_being_loaded_again()
    {
        await using var rig = await GatewayRig.Start();
        await using var browser = await Browser.Start();
        var complaints = new List<string>();
        var page = await browser.Open(rig.Address, Desktop, 900, ColorScheme.Light, complaints);
        var phone = await browser.Open(rig.Address, Phone, 844, ColorScheme.Dark, complaints);
        await page.EvaluateAsync("window.loadedOnce = true");
        await Shows(page, "Healthy");
        await Picture(page, "healthy-desktop-light");

        rig.Daemon.Tell(Told.Degraded());
        rig.Daemon.Happen(Told.Event("leg-failed", "sdb has failed in md126", "error"));
        await Shows(page, "Degraded");
        await Assertions.Expect(page.GetByText("1 of 3 disks is missing")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("sdb has failed in md126")).ToBeVisibleAsync();
        await Shows(phone, "Degraded");
        await Picture(page, "degraded-desktop-light");
        await Picture(phone, "degraded-phone-dark");

        rig.Daemon.Tell(Told.Rebuilding(0.1));
        await Shows(page, "Rebuilding");
        var bar = page.GetByRole(AriaRole.Progressbar);
        await Assertions.Expect(bar).ToHaveAttributeAsync("value", "0.1");
        rig.Daemon.Tell(Told.Rebuilding(0.43));
        await Assertions.Expect(bar).ToHaveAttributeAsync("value", "0.43");
        await Assertions.Expect(page.GetByText("43.0 %")).ToBeVisibleAsync();
        await Assertions.Expect(phone.GetByText("43.0 %")).ToBeVisibleAsync();
        await Picture(page, "rebuilding-desktop-light");
        await Picture(phone, "rebuilding-phone-dark");

        rig.Daemon.Tell(Told.Rebuilt());
        await Shows(page, "Healthy");
        await Assertions.Expect(bar).ToHaveCountAsync(0);
        Assert.True(await page.EvaluateAsync<bool>("window.loadedOnce"));
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task Without_the_daemon_the_page_keeps_the_last_state_says_so_and_recovers()
    {
        await using var rig = await GatewayRig.Start(settings => settings with { UnknownAfterSeconds = 1 });
        await using var browser = await Browser.Start();
        var page = await browser.Open(rig.Address, Phone, 844, ColorScheme.Light, []);
        await Shows(page, "Healthy");
        await rig.Daemon.Stop();
        await Shows(page, "Unknown");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The daemon has not answered since");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "md126" })).ToBeVisibleAsync();
        await Picture(page, "unknown-phone-light");
        rig.Daemon.Start(process: 4712);
        await Shows(page, "Healthy");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Names_are_text_whatever_is_in_them_and_many_containers_fit_a_phone_and_a_desktop()
    {
        await using var rig = await GatewayRig.Start(status: Many());
        await using var browser = await Browser.Start();
        foreach (var (width, height, scheme) in ((int, int, ColorScheme)[])[(Phone, 844, ColorScheme.Light), (Phone, 844, ColorScheme.Dark), (Desktop, 900, ColorScheme.Light), (Desktop, 900, ColorScheme.Dark)])
        {
            var complaints = new List<string>();
            var page = await browser.Open(rig.Address, width, height, scheme, complaints);
            await Shows(page, "Failed");
            await Assertions.Expect(page.GetByText("<img src=x onerror=alert(1)>").First).ToBeVisibleAsync();
            // Wide tables scroll in themselves, the page does not.
            Assert.Equal(width, await page.EvaluateAsync<int>("Math.max(document.documentElement.scrollWidth, innerWidth)"));
            await Picture(page, $"many-{(width == Phone ? "phone" : "desktop")}-{scheme.ToString().ToLowerInvariant()}");
            Assert.Empty(complaints);
        }
    }

    [Fact]
    public async Task In_a_cluster_the_page_of_one_host_tells_of_the_others()
    {
        using var servers = await EtcdServers.Start();
        Task<GatewayRig> Rig(string host) => GatewayRig.Start(
            settings => settings with { UnknownAfterSeconds = 1, Cluster = new ClusterSettings { Endpoints = servers.Options.Endpoints, Host = host, LeaseSeconds = 2 } }, Told.Healthy(host));
        await using var one = await Rig("web01");
        await using var two = await Rig("web02");
        await using var browser = await Browser.Start();
        var complaints = new List<string>();
        var page = await browser.Open(one.Address, Phone, 844, ColorScheme.Light, complaints);
        var cluster = page.GetByRole(AriaRole.Region, new() { Name = "Cluster" });
        await Assertions.Expect(cluster).ToContainTextAsync("2 hosts: 2 ok", new() { Timeout = 10_000 });
        two.Daemon.Tell(Told.Degraded("web02"));
        await Assertions.Expect(cluster.GetByRole(AriaRole.Listitem).First).ToContainTextAsync("Degraded", new() { Timeout = 10_000 });
        await Assertions.Expect(cluster.GetByRole(AriaRole.Listitem).First).ToContainTextAsync("web02");
        // This host's own health is another question.
        await Shows(page, "Healthy");
        await Picture(page, "cluster-phone-light");
        Assert.Empty(complaints);
    }

    private static HostStatus Many()
    {
        var (degraded, rebuilding, fine) = (Told.Degraded().Containers[0], Told.Rebuilding(0.43).Containers[0], Told.Healthy().Containers[0]);
        var failed = fine with
        {
            Name = "md121", Health = Health.Failed,
            Arrays = [fine.Arrays[0] with { Name = "md120", VolumeName = "<img src=x onerror=alert(1)>", Level = "raid0", Health = Health.Failed, Missing = 2, Legs = [], MismatchSectors = 24 }],
            Disks = [.. fine.Disks.Select(disk => disk with { Role = "unknown", Serial = "a-very-long-serial-number-0123456789" })],
        };
        var stalled = fine with { Name = "md119", Health = Health.Stalled, WaitsFor = "sdx, which has not answered a metadata write", WaitsSince = DateTimeOffset.UtcNow, Disks = [fine.Disks[0] with { Hangs = true }, .. fine.Disks[1..]] };
        return Told.Degraded() with
        {
            Health = Health.Failed, Summary = "FAILED md120: data cannot be read",
            Containers = [failed, stalled, degraded, rebuilding with { Name = "md125" }, fine with { Name = "md123" }, fine with { Name = "md117", Arrays = [] }],
        };
    }

    private static Task Shows(IPage page, string health) =>
        Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(health, new() { Timeout = 10_000 });

    private static Task Picture(IPage page, string name) => page.ScreenshotAsync(new() { Path = Path.Combine(Browser.Pictures, name + ".png"), FullPage = true });
}
