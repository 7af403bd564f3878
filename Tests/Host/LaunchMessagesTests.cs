using System.Text;
using ActorRaid.Host.Launch;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.Host;

public sealed class LaunchMessagesTests
{
    [Fact]
    public void Requests_that_concern_no_container_are_words()
    {
        foreach (var (word, request) in new[] { ("stay", LaunchRequest.Stay), ("reload", LaunchRequest.Reload), ("config", LaunchRequest.Config) })
        {
            Assert.Equal(word + "\n", Encoding.UTF8.GetString(request.Encode()));
            Assert.Equal(request, LaunchRequest.Decode(word));
        }
    }

    [Theory]
    [InlineData("supervise md127", "md127", false)]
    [InlineData("takeover md_imsm0", "md_imsm0", true)]
    public void Requests_are_lines(string line, string container, bool takeover)
    {
        var request = new LaunchRequest(container, takeover);
        Assert.Equal(line + "\n", Encoding.UTF8.GetString(request.Encode()));
        Assert.Equal(request, LaunchRequest.Decode(line));
    }

    [Theory]
    [InlineData("")]
    [InlineData("supervise")]
    [InlineData("supervise ")]
    [InlineData("supervise ../etc")]
    [InlineData("supervise .")]
    [InlineData("supervise a/b")]
    [InlineData("supervise md127 md126")]
    [InlineData("supervise 012345678901234567890123456789012")]
    [InlineData("destroy md127")]
    public void What_is_no_request_is_refused(string line) => Assert.Null(LaunchRequest.Decode(line));

    [Theory]
    [InlineData("Supervised ", "Supervised", "")]
    [InlineData("Failed no such disk", "Failed", "no such disk")]
    public void Answers_are_lines(string line, string outcome, string message)
    {
        var reply = new LaunchReply(Enum.Parse<LaunchOutcome>(outcome), message);
        Assert.Equal(line + "\n", Encoding.UTF8.GetString(reply.Encode()));
        Assert.Equal(reply, LaunchReply.Decode(line));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Supervised")]
    [InlineData("0 message")]
    [InlineData("Whatever message")]
    public void What_is_no_answer_is_refused(string line) => Assert.Null(LaunchReply.Decode(line));

    [Fact]
    public void An_answer_is_one_line_and_no_longer_than_the_limit()
    {
        var bytes = new LaunchReply(LaunchOutcome.Failed, "first\nsecond" + new string('\u00e4', 5000)).Encode();
        Assert.True(bytes.Length <= LaunchReply.Limit);
        Assert.Equal(bytes.Length - 1, Array.IndexOf(bytes, (byte)'\n'));
    }

    [Fact]
    public void Whatever_is_understood_is_said_again_the_same() => Prop.ForAll<string?>(SaidAgain).QuickCheckThrowOnFailure();

    private static void SaidAgain(string? text)
    {
        foreach (var line in new[] { text ?? "", $"supervise {text}", $"Failed {text}" })
        {
            if (LaunchRequest.Decode(line) is { } request)
                Assert.Equal(line + "\n", Encoding.UTF8.GetString(request.Encode()));
            if (line.Length < 100 && line.All(letter => letter is >= ' ' and <= '~' or '\n') && LaunchReply.Decode(line) is { } reply)
                Assert.Equal(line.Replace('\n', ' ') + "\n", Encoding.UTF8.GetString(reply.Encode()));
        }
    }

    [Theory]
    [InlineData(5, -1, false, true, false, "")]
    [InlineData(-1, 7, true, false, true, "md127 md125")]
    public void What_the_daemon_is_told_survives_its_command_line(
        int ready, int held, bool foreground, bool stay, bool takeover, string containers)
    {
        var options = new DaemonOptions(
            ready, held, foreground, stay, takeover, containers.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var back = DaemonOptions.Parse(options.ToArguments());
        Assert.NotNull(back);
        Assert.Equal(options.Containers, back.Containers);
        Assert.Equal(options, back with { Containers = options.Containers });
    }

    [Theory]
    [InlineData("md127")]
    [InlineData("--daemon=1")]
    [InlineData("--daemon=1,x")]
    [InlineData("--daemon=-2,1")]
    [InlineData("--daemon=1,2 ../x")]
    [InlineData("--daemon=1,2 --what")]
    public void What_no_launcher_says_is_no_daemons_command_line(string line) => Assert.Null(DaemonOptions.Parse(line.Split(' ')));
}
