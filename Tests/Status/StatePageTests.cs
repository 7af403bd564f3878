using System.Text.Json;
using ActorRaid.Reporting;
using ActorRaid.Tests.Gateway;
using Microsoft.Playwright;
using Xunit;

namespace ActorRaid.Tests.Statuses;

/// <summary>What the gateway's page shows in every state of the table, in a real browser.</summary>
public sealed class StatePageTests
{
    /// <summary>The verdict, what stands beside it, and each container, array and odd disk with its badge and what is
    /// said of it.</summary>
    private const string Shown = """
        () => {
          const text = element => element.innerText.replace(/\s+/g, ' ').trim();
          const of = (element, ...parts) => parts.map(part => element.querySelector(part)).filter(Boolean).map(text).join(' ');
          const said = element => [...element.children].filter(one => one.matches('p.missing, .progress')).map(text);
          const array = one => [of(one, '.title h3', '.title .badge'), ...said(one)];
          const lines = [text(document.querySelector('#health h1'))];
          for (const card of document.querySelectorAll('#containers > *')) {
            if (!card.matches('section')) { lines.push(text(card)); continue; }
            lines.push(of(card, '.title h2', '.title .badge'), ...said(card));
            for (const one of card.querySelectorAll('.array')) lines.push(...array(one));
            for (const row of card.querySelectorAll('tbody tr')) {
              const badge = row.querySelector('.badge');
              if (badge.dataset.health !== 'ok') lines.push(`${text(row.querySelector('th'))} ${text(badge)}`);
            }
          }
          for (const one of document.querySelectorAll('#native-arrays .array')) lines.push(...array(one));
          return lines;
        }
        """;

    [Fact]
    public async Task The_page_says_of_each_state_what_the_table_has()
    {
        await using var rig = await GatewayRig.Start();
        await using var browser = await Browser.Start();
        var complaints = new List<string>();
        var page = await browser.Open(rig.Address, 1280, 900, ColorScheme.Light, complaints);
        var wrong = new List<string>();
        var time = DateTimeOffset.UtcNow;
        foreach (var row in StateRow.All.Where(row => row["unit"].IsEmpty))
        {
            var status = Situation.All[row.Name]().Status() with { At = time = time.AddSeconds(1), Host = row.Name };
            rig.Daemon.Tell(status);
            await Assertions.Expect(page.Locator("#host")).ToHaveTextAsync(row.Name);
            string[] lines = [.. (await page.EvaluateAsync<JsonElement>(Shown)).EnumerateArray().Select(line =>
                line.GetString()!)];
            Assert.Equal(Words.Of(status.Health), lines[0].ToUpperInvariant() is "HEALTHY" ? "OK"
                : lines[0].ToUpperInvariant());
            if (!StateRow.Same(row["page"], [.. lines[1..]], row.Names))
                wrong.Add($"[{row.Name}]\n{string.Join('\n', lines[1..].Select(line => $"page {line}"))}");
        }
        Assert.True(wrong.Count == 0, "The page shows otherwise than states.table has it:\n" + string.Join('\n',
            wrong));
        Assert.Empty(complaints);
    }
}
