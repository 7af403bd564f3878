using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

public sealed class SysfsAttributeTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Reading_cuts_only_the_last_line_end()
    {
        using var attribute = SysfsAttribute.Open(folder.File("a", "one\ntwo\n\n")).Value;
        Assert.Equal("one\ntwo\n", attribute.Read().Value);
    }

    [Fact]
    public void An_empty_attribute_reads_as_empty_text()
    {
        using var attribute = SysfsAttribute.Open(folder.File("a", "")).Value;
        Assert.Equal("", attribute.Read().Value);
    }

    [Fact]
    public void Reading_again_sees_what_has_changed()
    {
        var path = folder.File("a", "clean\n");
        using var attribute = SysfsAttribute.Open(path).Value;
        Assert.Equal("clean", attribute.Read().Value);
        File.WriteAllText(path, "active\n");
        Assert.Equal("active", attribute.Read().Value);
        File.WriteAllText(path, "x\n");
        Assert.Equal("x", attribute.Read().Value);
    }

    [Fact]
    public void Reading_the_same_bytes_again_gives_the_same_string_and_allocates_nothing()
    {
        using var attribute = SysfsAttribute.Open(folder.File("a", "active-idle\n")).Value;
        var first = attribute.Read().Value;
        attribute.Read();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var same = true;
        for (var i = 0; i < 1000; i++)
        {
            same &= ReferenceEquals(first, attribute.Read().Value);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.True(same);
    }

    [Theory]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(100_000)]
    public void Files_beyond_a_page_are_read_whole(int length)
    {
        var text = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + i % 26)));
        using var attribute = SysfsAttribute.Open(folder.File("a", text)).Value;
        Assert.Equal(text, attribute.Read().Value);
        Assert.Same(attribute.Read().Value, attribute.Read().Value);
    }

    [Fact]
    public void A_file_beyond_a_mebibyte_is_refused()
    {
        Assert.Equal(Errno.EFBIG, SysfsAttribute.ReadOnce(folder.File("a", 3 << 20)).Error.Errno);
    }

    [Fact]
    public void Writing_adds_nothing()
    {
        var path = folder.File("a", "");
        using var attribute = SysfsAttribute.Open(path, writable: true).Value;
        Assert.True(attribute.Write("read-auto").Ok);
        Assert.Equal("read-auto", File.ReadAllText(path));
    }

    [Fact]
    public void Writing_short_text_allocates_nothing()
    {
        using var attribute = SysfsAttribute.Open(folder.File("a", ""), writable: true).Value;
        attribute.Write("active");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            attribute.Write("active");
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Long_text_is_written_whole()
    {
        var path = folder.File("a", "");
        var text = new string('x', 3000);
        Assert.True(SysfsAttribute.WriteOnce(path, text).Ok);
        Assert.Equal(text, File.ReadAllText(path));
    }

    [Fact]
    public void A_missing_file_is_an_error_with_number_path_and_action()
    {
        var error = SysfsAttribute.Open(folder["missing"]).Error;
        Assert.Equal(new KernelError(Errno.ENOENT, folder["missing"], "open"), error);
        Assert.Equal($"open {folder["missing"]}: ENOENT (No such file or directory)", error.ToString());
        Assert.Equal(Errno.ENOENT, SysfsAttribute.ReadOnce(folder["missing"]).Error.Errno);
        Assert.Equal(Errno.ENOENT, SysfsAttribute.WriteOnce(folder["missing"], "x").Error.Errno);
    }

    [Fact]
    public void Writing_to_what_was_opened_for_reading_is_an_error()
    {
        using var attribute = SysfsAttribute.Open(folder.File("a", "text")).Value;
        Assert.Equal(Errno.EBADF, attribute.Write("x").Error.Errno);
    }

    [Fact]
    public void A_refused_write_is_the_kernels_error()
    {
        using var attribute = SysfsAttribute.Open("/dev/full", writable: true).Value;
        Assert.Equal(new KernelError(Errno.ENOSPC, "/dev/full", "write"), attribute.Write("x").Error);
    }

    [Fact]
    public void A_closed_attribute_answers_with_an_error_and_never_touches_another_file()
    {
        var attribute = SysfsAttribute.Open(folder.File("a", "mine"), writable: true).Value;
        var number = attribute.Descriptor;
        Assert.True(number >= 0);
        attribute.Dispose();
        using var other = SysfsAttribute.Open(folder.File("b", "theirs"), writable: true).Value;
        Assert.Equal(Errno.EBADF, attribute.Read().Error.Errno);
        Assert.Equal(Errno.EBADF, attribute.Write("mine").Error.Errno);
        Assert.Equal(-1, attribute.Descriptor);
        Assert.Equal("theirs", other.Read().Value);
        attribute.Dispose();
    }

    [Fact]
    public void Closing_while_other_threads_read_and_write_yields_values_or_errors_only()
    {
        for (var round = 0; round < 50; round++)
        {
            var path = folder.File("a", "steady");
            var attribute = SysfsAttribute.Open(path, writable: true).Value;
            using var start = new Barrier(3);
            var user = Task.Run(() =>
            {
                start.SignalAndWait();
                return Enumerable.Range(0, 200).Select(_ => attribute.Read())
                    .All(r => r.Ok ? r.Value == "steady" : r.Error.Errno == Errno.EBADF);
            });
            var writer = Task.Run(() =>
            {
                start.SignalAndWait();
                return Enumerable.Range(0, 200).Select(_ => attribute.Write("steady")).All(r => r.Ok || r.Error.Errno == Errno.EBADF);
            });
            start.SignalAndWait();
            attribute.Dispose();
            Assert.True(Patience.Within(user));
            Assert.True(Patience.Within(writer));
        }
    }

    [Fact]
    public void A_result_without_a_value_says_so()
    {
        Result<string> failed = new KernelError(Errno.EBUSY, "/sys/x", "write");
        Assert.False(failed.Ok);
        Assert.Equal("write /sys/x: EBUSY (Device or resource busy)", failed.ToString());
        Assert.Throws<InvalidOperationException>(() => failed.Value);
        Assert.Throws<ArgumentException>(() => (Result<string>)default(KernelError));
        Assert.True(default(Result<Nothing>).Ok);
    }
}
