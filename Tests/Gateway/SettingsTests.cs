using System.Text;
using ActorRaid.Gateway;
using ActorRaid.Gateway.Settings;
using Xunit;

namespace ActorRaid.Tests.Gateway;

/// <summary>/etc/actorraid-gateway.json.</summary>
public sealed class SettingsTests
{
    [Theory]
    [InlineData("{ \"lisen\": [] }", "f:1: the key \"lisen\" is not known; known are listen, ")]
    [InlineData("{\n\"listen\": [\"nowhere\"] }", "f:2: listen is [\"nowhere\"]; allowed is a list of ADDRESS:PORT")]
    [InlineData("{ \"listen\": [\"127.0.0.1\"] }", "f:1: listen is [\"127.0.0.1\"]; allowed is")]
    [InlineData("{ \"listen\": [] }", "f:1: listen is []; allowed is")]
    [InlineData("{ \"listen\": [[\"127.0.0.1:1\"], { \"a\": 1 }], \"streams\": 5 }", "f:1: listen is [[\"127.0.0.1:1\"], { \"a\": 1 }]; allowed is")]
    [InlineData("{ \"plainHttp\": 1 }", "f:1: plainHttp is 1; allowed is true or false")]
    [InlineData("{ \"streams\": 0 }", "f:1: streams is 0; allowed is a whole number of streams from 1 to 10000")]
    [InlineData("{ \"origins\": [\"https://a.example/path\"] }", "f:1: origins is [\"https://a.example/path\"]; allowed is a list of origins")]
    [InlineData("{ \"certificate\": \"relative\" }", "f:1: certificate is \"relative\"; allowed is an absolute path, or null")]
    [InlineData("{ \"streams\": 5, \"streams\": 6 }", "f:1: streams is there twice")]
    [InlineData("[]", "f:1: found []; the file is one object")]
    [InlineData("{ \"listen\": [\"127.0.0.1:1\"", "f:1: no JSON: ")]
    public void What_is_wrong_with_a_file_is_told_with_line_and_key(string file, string problem)
    {
        var read = GatewaySettings.File.Parse("f", Encoding.UTF8.GetBytes(file));
        Assert.Contains(read.Problems, one => one.StartsWith(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_key_can_be_given_and_what_is_shown_can_be_read_again()
    {
        var file = $$"""
            {
                // everything
                "listen": ["0.0.0.0:1", "[::1]:2", "*:3"], "certificate": "/c", "certificateKey": "/k", "clientAuthorities": "/a", "plainHttp": true,
                "hostNames": ["a.example"], "origins": ["https://b.example:8443"], "requestsPerSecond": 2, "connections": 20, "streams": 10,
                "idleSeconds": 3, "unknownAfterSeconds": 4, "controlSocket": "/s",
                "cluster": {
                    "endpoints": ["https://etcd1.example:2379"], "host": "web1", "prefix": "/other/", "user": "u", "passwordFile": "/p", "authorities": "/o",
                    "certificate": "/e", "certificateKey": "/f", "leaseSeconds": 20,
                },
            }
            """;
        var read = GatewaySettings.File.Parse("f", Encoding.UTF8.GetBytes(file));
        Assert.Empty(read.Problems);
        Assert.Equal(GatewaySettings.Keys.Select(key => key.Name).Order(), read.Given.Order().Where(name => GatewaySettings.Keys.Any(key => key.Name == name)));
        Assert.Equal(["0.0.0.0:1", "[::1]:2", "[::]:3"], read.Settings.Listen.Select(address => address.ToString()));
        var shown = "{" + string.Join(",", GatewaySettings.Keys.Select(key => $"\"{key.Name}\": {key.Json(read.Settings)}")) + "}";
        var again = GatewaySettings.File.Parse("f", Encoding.UTF8.GetBytes(shown));
        Assert.Empty(again.Problems);
        Assert.All(GatewaySettings.Keys, key => Assert.Equal(key.Json(read.Settings), key.Json(again.Settings)));
    }

    [Theory]
    [InlineData("{ \"listen\": [\"*:9747\"] }", "which others than this machine can reach, but there is no certificate")]
    [InlineData("{ \"certificate\": \"/c\" }", "certificate and certificateKey go together")]
    [InlineData("{ \"clientAuthorities\": \"/c\" }", "clientAuthorities needs TLS")]
    [InlineData("{ \"certificate\": \"/none.pem\", \"certificateKey\": \"/none.key\" }", "certificate: /none.pem cannot be used")]
    public async Task What_does_not_go_together_or_cannot_be_used_is_found_by_check_and_ends_the_start(string text, string problem)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, text);
            var (checking, starting) = (new StringWriter(), new StringWriter());
            Assert.Equal(1, GatewayCommand.Check(file, new StringWriter(), checking));
            Assert.Equal(1, await GatewayCommand.Run(file, starting, default));
            Assert.Contains(problem, checking.ToString());
            Assert.Equal(checking.ToString(), starting.ToString());
        }
        finally
        {
            File.Delete(file);
        }
    }
}
