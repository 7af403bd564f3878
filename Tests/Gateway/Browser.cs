using Microsoft.Playwright;

namespace ActorRaid.Tests.Gateway;

/// <summary>Debian's chromium, headless. A test that cannot have it fails, and says which package is missing.</summary>
public sealed class Browser : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    /// <summary>Where pictures of the page are kept: ACTORRAID_LAB_OUT, or beside the tests' results.</summary>
    public static string Pictures { get; } = Directory.CreateDirectory(Path.Combine(
        Environment.GetEnvironmentVariable("ACTORRAID_LAB_OUT") is { Length: > 0 } wanted ? wanted : AppContext.BaseDirectory, "pictures")).FullName;

    /// <summary>Starts it.</summary>
    public static async Task<Browser> Start()
    {
        const string chromium = "/usr/bin/chromium";
        if (!File.Exists(chromium))
            throw new InvalidOperationException($"{chromium} is missing: deploy/packages installs it (Debian's package chromium)");
        var playwright = await Playwright.CreateAsync();
        return new Browser(playwright, await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = chromium,
            // Without a sandbox, as root has none; nothing but our own page is opened.
            Args = ["--no-sandbox", "--disable-dev-shm-usage"],
        }));
    }

    /// <summary>A page, of a size, in light or dark; whatever it complains of on its console goes to the list.</summary>
    public async Task<IPage> Open(Uri address, int width, int height, ColorScheme scheme, List<string> complaints)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            IgnoreHTTPSErrors = false,
        });
        var page = await context.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                complaints.Add(message.Text);
        };
        page.PageError += (_, error) => complaints.Add(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(address.ToString(), StringComparison.Ordinal))
                complaints.Add($"asks for {request.Url}");
        };
        await page.GotoAsync(address.ToString());
        return page;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
